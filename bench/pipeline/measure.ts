// SPDX-License-Identifier: Apache-2.0
import type { Contender, RunResult } from './contender.js';
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
  contenders: readonly Contender[],
  corpus: Corpus,
  { rounds, roundMs }: MeasureOptions,
): Promise<readonly Measurement[]> {
  const runs = contenders.map((contender) => ({ contender, run: contender.prepare(corpus), seconds: [] as number[] }));
  let expected: RunResult | undefined;
  for (const { contender, run } of runs) {
    const result = await run();
    expected ??= result;
    check(contender.name, corpus, result, expected);
    await secondsPerRun(run, WARM_UP_MS);
  }
  for (let round = 0; round < rounds; round++) {
    for (const { run, seconds } of runs) seconds.push(await secondsPerRun(run, roundMs));
  }
  return runs.map(({ contender, seconds }) => {
    const second = median(seconds);
    return {
      contender: contender.name,
      corpus: corpus.name,
      messagesPerSecond: corpus.messages / second,
      megabytesPerSecond: corpus.bytes / second / 1e6,
    };
  });
}

async function secondsPerRun(run: () => Promise<RunResult> | RunResult, roundMs: number): Promise<number> {
  const start = performance.now();
  let repeats = 0;
  let elapsedMs = 0;
  while (elapsedMs < roundMs) {
    await run();
    repeats += 1;
    elapsedMs = performance.now() - start;
  }
  return elapsedMs / repeats / 1000;
}

function check(name: string, corpus: Corpus, result: RunResult, expected: RunResult): void {
  const found = `${result.messages} messages, ${result.headers} headers, ${result.bodyBytes} body bytes`;
  const wanted = `${corpus.messages} messages, ${expected.headers} headers, ${expected.bodyBytes} body bytes`;
  if (found !== wanted) throw new Error(`${name} on ${corpus.name} found ${found}, expected ${wanted}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
