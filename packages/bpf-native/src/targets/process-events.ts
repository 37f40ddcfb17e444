// SPDX-License-Identifier: Apache-2.0
import type { FlowError, ProcessEvent } from '@flowtap/core';
import type { ProcessRecord } from '../records/record-decoder.js';
import { readContainerId } from './container-cgroups.js';
import { readComm, readExe } from './proc.js';

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
    this.#emit({
      type: 'process',
      timestampNs: Number(process.hrtime.bigint()),
      action: 'running',
      pid,
      comm: readComm(pid) ?? '',
      ...whatIsKnown(readExe(pid), readContainerId(pid)),
      tlsBlindSpot: { code, message },
    });
  }

  /** `container`: the one that is captured as such and has the process; of others its cgroup tells. */
  record({ action, pid, comm, timestampNs, filename }: ProcessRecord, container?: string): void {
    if (action === 'exit') {
      this.#announced.delete(pid);
      this.#emit({ type: 'process', timestampNs, action, pid, comm });
      return;
    }
    this.#announced.add(pid);
    // The link of a process that is gone already cannot be read: what it was executed as is next best.
    const exe = readExe(pid) ?? filename;
    const known = whatIsKnown(exe, container ?? readContainerId(pid));
    this.#emit({ type: 'process', timestampNs, action, pid, comm, ...known });
  }

  #announce(pid: number, comm: string, timestampNs: number): void {
    this.#announced.add(pid);
    const known = whatIsKnown(readExe(pid), readContainerId(pid));
    this.#emit({ type: 'process', timestampNs, action: 'running', pid, comm, ...known });
  }
}

function whatIsKnown(
  exe: string | undefined,
  containerId: string | undefined,
): Pick<ProcessEvent, 'exe' | 'containerId'> {
  return { ...(exe === undefined ? {} : { exe }), ...(containerId === undefined ? {} : { containerId }) };
}
