// SPDX-License-Identifier: Apache-2.0
import type { FlowError, ProcessEvent } from '@flowtap/core';
import { readComm, readExe } from './proc.js';
import type { ProcessRecord } from './record-decoder.js';

/** Adds to the kernel's process records what only /proc knows, and announces processes that it had no record of. */
export class ProcessEvents {
  readonly #emit: (event: ProcessEvent) => void;
  /** Announced and not yet ended: bounded by the kernel's set of target processes. */
  readonly #announced = new Set<number>();

  constructor(emit: (event: ProcessEvent) => void) {
    this.#emit = emit;
  }

  /** A process that was there when it became a target. */
  running(pid: number): void {
    this.#announce(pid, readComm(pid) ?? '', Number(process.hrtime.bigint()));
  }

  /** A process that shows up in an event: a child that was forked and has executed nothing. */
  seen(pid: number, comm: string, timestampNs: number): void {
    if (!this.#announced.has(pid)) this.#announce(pid, comm, timestampNs);
  }

  /** Why TLS of this process cannot be read, where it cannot. */
  learned(pid: number, { code, message }: FlowError): void {
    const exe = readExe(pid);
    this.#emit({
      type: 'process',
      timestampNs: Number(process.hrtime.bigint()),
      action: 'running',
      pid,
      comm: readComm(pid) ?? '',
      ...(exe === undefined ? {} : { exe }),
      tlsBlindSpot: { code, message },
    });
  }

  record({ action, pid, comm, timestampNs, filename }: ProcessRecord): void {
    if (action === 'exit') {
      this.#announced.delete(pid);
      this.#emit({ type: 'process', timestampNs, action, pid, comm });
      return;
    }
    this.#announced.add(pid);
    // The link of a process that is gone already cannot be read: what it was executed as is next best.
    const exe = readExe(pid) ?? filename;
    this.#emit({ type: 'process', timestampNs, action, pid, comm, exe });
  }

  #announce(pid: number, comm: string, timestampNs: number): void {
    this.#announced.add(pid);
    const exe = readExe(pid);
    this.#emit({ type: 'process', timestampNs, action: 'running', pid, comm, ...(exe === undefined ? {} : { exe }) });
  }
}
