// SPDX-License-Identifier: Apache-2.0

export interface LiveOptions {
  /** Rounds; each has one run of every variant. */
  readonly rounds: number;
  /** The same for latencies: a 99th percentile varies from run to run by a third, a rate by some percent. */
  readonly latencyRounds: number;
  /** Length of a run. */
  readonly seconds: number;
  /** Before each run the machine has this long to become quiet, in milliseconds. */
  readonly quietLimitMs: number;
  readonly say: (message: string) => void;
}
