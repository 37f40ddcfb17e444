// SPDX-License-Identifier: Apache-2.0

import { FlowtapError } from '@flowtap/core';

/** Settings of the programs, fixed while they are loaded (`struct flowtap_config`). */
export interface NativeConfig {
  readonly ringBytes: number;
  readonly headroomBytes: number;
  readonly watermarkBytes: number;
  readonly maxCallBytes: number;
}

/** An error that the addon throws or rejects with. */
export interface NativeFailure extends Error {
  readonly operation: string;
  readonly errno: number;
  readonly log: string;
}

/** The only typed view of the addon (native/session.cc). Arguments are not checked in C++: this package checks them. */
export interface NativeSession {
  /** `without`: programs that this kernel or back end does not need. `uprobeMulti`: the kernel has such links. */
  load(config: NativeConfig, without: readonly string[], uprobeMulti: boolean): Promise<boolean>;
  /** Loads programs that `load` left out; once. `close` must wait for it. */
  loadLater(programs: readonly string[]): Promise<boolean>;
  /**
   * `onBatch` gets records back to back, each padded to 8 bytes: the first `bytes` of `batch`, which is used again after
   * `release`. At most two batches come before a `release`.
   */
  start(onBatch: (batch: Buffer, bytes: number) => void): void;
  /** The oldest batch was dealt with, and its memory may be used for another one. */
  release(): void;
  /**
   * The calling thread takes processors that nobody else wants while it keeps up with the batches, and comes before others
   * when the ring threatens to fill (native/consumer-priority.h); `false`: it competes as before. Answers whether it gives way now.
   */
  giveWay(wanted: boolean): boolean;
  /** While the calling thread gives way and competes like any other: whoever waits for its processor gets it first. */
  yieldProcessor(): void;
  /** Resolves when the last batch has been handed over. */
  stop(): Promise<void>;
  close(): Promise<boolean>;
  attachProgram(program: string): Promise<number>;
  attachKprobe(program: string, kernelFunction: string, atReturn: boolean): Promise<number>;
  /** Each file offset with the cookie that tells the program which one it is. */
  attachUprobes(
    program: string,
    path: string,
    fileOffsets: readonly number[],
    cookies: readonly number[],
    atReturn: boolean,
  ): Promise<number>;
  detach(links: readonly number[]): Promise<boolean>;
  mapSet(map: string, key: Buffer, value: Buffer): void;
  /** False when there was no such key. */
  mapDelete(map: string, key: Buffer): boolean;
  /** Keys and values, alternating. */
  mapEntries(map: string): Buffer[];
  /** Children that process `parent` forks from now on belong to `target` and stop at exec; 0 ends that. */
  setSpawn(parent: number, target: number): void;
  setCgroups(count: number, hierarchies: readonly number[]): void;
  /** Whether the probes with the file's number in their cookies are all attached: only then they observe anything. */
  setFileReady(file: number, isReady: boolean): void;
  /** From now on nothing is observed any more, all at once: detaching takes a while and goes one by one. */
  quiesce(): void;
  /** Events and bytes, alternating, in the order of `COUNTERS`. */
  counters(): Float64Array;
  /** This process's id in the initial pid namespace, 0 when the kernel cannot tell. */
  whoAmI(): number;
}

export interface NativeAddon {
  readonly Session: new () => NativeSession;
}

export function isNativeFailure(value: unknown): value is NativeFailure {
  return value instanceof Error && !FlowtapError.isInstance(value) && 'operation' in value && 'errno' in value;
}
