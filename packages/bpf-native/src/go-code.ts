// SPDX-License-Identifier: Apache-2.0

/** How a function of Go gets its arguments: in registers (from 1.17 on x86-64, 1.18 on arm64), or on the stack. */
export type GoAbi = 'registers' | 'stack';

/** Places in the code of one function, as distances from its first byte. */
export interface GoPlacement {
  readonly abi: GoAbi;
  /** Where all arguments are still as the caller left them. */
  readonly entry: number;
  /** The jump of the stack check, which the kernel emulates under a probe, or the function's first byte. */
  readonly entryPlace: 'stack-check' | 'first-byte';
  /** Every return instruction. */
  readonly returns: readonly number[];
  /** Where the stack ABI keeps the goroutine: distance below the thread pointer. */
  readonly goroutineSlot: number;
  /** The first two arguments are in their places above the return address before the function can wait for anything. */
  readonly keepsArguments: boolean;
}
