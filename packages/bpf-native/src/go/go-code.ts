// SPDX-License-Identifier: Apache-2.0

/** How a function of Go gets its arguments: in registers (from 1.17 on x86-64, 1.18 on arm64), or on the stack. */
export type GoAbi = 'registers' | 'stack';

/** What the code of one function shows. Places are file offsets. */
export interface GoCode {
  readonly abi: GoAbi;
  /** Where all arguments are still as the caller left them. */
  readonly entry: number;
  /** The jump of the stack check, which the kernel emulates under a probe, or the function's first byte. */
  readonly entryPlace: 'stack-check' | 'first-byte';
  /** Every return instruction. */
  readonly returns: readonly number[];
  readonly calls: readonly GoCall[];
  /** Where the stack ABI keeps the goroutine: distance below the thread pointer. */
  readonly goroutineSlot: number;
  /**
   * From the stack pointer in the function's body up to its return address, where the first argument is kept right above
   * that all the time; undefined where the code does not show it.
   */
  readonly frameBytes: number | undefined;
}

/** A direct call. */
export interface GoCall {
  readonly at: number;
  readonly target: number;
}
