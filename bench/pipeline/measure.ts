// SPDX-License-Identifier: Apache-2.0
import { median } from '../live/statistics.js';
import type { RunResult } from './contender.js';
import { ContenderProcess } from './contender-process.js';
import type { Protocol } from './contenders.js';
import type { Corpus } from './corpus.js';

export interface MeasureOptions {
  /** Runs of each contender per corpus; the median counts. */
  readonly rounds: number;
  /** Each run repeats the corpus for at least this long. */
  readonly roundMs: number;
}

/** Each contender runs so long before the clock does: compilers and allocators settle. */
const WARM_UP_MS = 500;

export interface Measurement {
  readonly contender: string;
  readonly corpus: string;
  readonly messagesPerSecond: number;
  readonly megabytesPerSecond: number;
}

/**
 * Lets the contenders take turns, so that a slower or faster minute of the machine meets all of them, and takes the
 * median of each.
 *
 * @throws Error when a contender did not find every message, header and body byte that the first one found.
 */
export async function measure(
  contenders: readonly string[],
  protocol: Protocol,
  corpus: Corpus,
  { rounds, roundMs }: MeasureOptions,
): Promise<readonly Measurement[]> {
  const runs = contenders.map((name) => ({ process: new ContenderProcess(name), seconds: [] as number[] }));
  try {
    let expected: RunResult | undefined;
    for (const { process } of runs) {
      const result = await process.prepare(protocol, corpus);
      expected ??= result;
      check(process.name, corpus, result, expected);
      await process.secondsPerRun(WARM_UP_MS);
    }
    for (let round = 0; round < rounds; round++) {
      for (const { process, seconds } of runs) seconds.push(await process.secondsPerRun(roundMs));
    }
  } finally {
    for (const { process } of runs) process.stop();
  }
  return runs.map(({ process, seconds }) => ({
    contender: process.name,
    corpus: corpus.name,
    messagesPerSecond: corpus.messages / median(seconds),
    megabytesPerSecond: corpus.bytes / median(seconds) / 1e6,
  }));
}

/** Of the contender in this corpus; not a number where it was not measured. */
export function rateOf(measurements: readonly Measurement[], name: string): number {
  return measurements.find(({ contender }) => contender === name)?.messagesPerSecond ?? Number.NaN;
}

function check(name: string, corpus: Corpus, result: RunResult, expected: RunResult): void {
  const found = `${result.messages} messages, ${result.headers} headers, ${result.bodyBytes} body bytes`;
  const wanted = `${corpus.messages} messages, ${expected.headers} headers, ${expected.bodyBytes} body bytes`;
  if (found !== wanted) throw new Error(`${name} on ${corpus.name} found ${found}, expected ${wanted}`);
}
