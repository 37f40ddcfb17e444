// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { FLOWTAP } from './flowtap-command.js';
import { untilQuiet } from './live/machine.js';
import { median, medianRatio, shuffled } from './live/statistics.js';
import { formatTable } from './table.js';
import type { Target } from './target.js';

const MAX_RATIO = 8;
const MAX_DIFFERENCE_MS = 400;
const RUN_TIMEOUT_MS = 30_000;
/** Files and code are in memory afterwards. */
const WARM_UPS = 2;

export interface StartOptions {
  readonly rounds: number;
  readonly quietLimitMs: number;
}

/** Times of one kind of run, one for each round. */
export interface StartResult {
  readonly nodeMs: readonly number[];
  readonly commandMs: readonly number[];
  readonly capturedMs: readonly number[];
}

/** How long a command takes that does nothing: alone, and captured, from the start of `flowtap` to its end. */
export async function measureStart(
  { rounds, quietLimitMs }: StartOptions,
  say: (message: string) => void,
): Promise<StartResult> {
  say('start');
  const nodeMs: number[] = [];
  const commandMs: number[] = [];
  const capturedMs: number[] = [];
  const runs = [
    { times: nodeMs, command: process.execPath, args: ['-e', '0'] },
    { times: commandMs, command: 'true', args: [] },
    { times: capturedMs, command: FLOWTAP, args: ['run', '--', 'true'] },
  ];
  for (let round = 0; round < WARM_UPS; round++) for (const { command, args } of runs) await runMs(command, args);
  await untilQuiet(quietLimitMs);
  for (let round = 0; round < rounds; round++) {
    for (const { times, command, args } of shuffled(runs)) times.push(await runMs(command, args));
  }
  return { nodeMs, commandMs, capturedMs };
}

/** From the start of a process to its end. @throws Error when it fails. */
async function runMs(command: string, args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn(command, args, { stdio: 'ignore', timeout: RUN_TIMEOUT_MS });
  const [status] = (await once(child, 'exit')) as [number | null];
  const elapsedMs = performance.now() - begin;
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${status}`);
  return elapsedMs;
}

export function formatStart({ nodeMs, commandMs, capturedMs }: StartResult): string {
  const rows = [
    ['node -e 0', nodeMs],
    ['true', commandMs],
    ['flowtap run -- true', capturedMs],
  ] as const;
  const cells = rows.map(([name, times]) => [name, median(times).toFixed(1), medianRatio(times, nodeMs).toFixed(2)]);
  return `From start to end, medians of ${nodeMs.length} runs:\n${formatTable(['', 'ms', '÷ node -e 0'], cells)}`;
}

export function startTargets({ nodeMs, commandMs, capturedMs }: StartResult): readonly Target[] {
  const ratio = medianRatio(capturedMs, nodeMs);
  const differenceMs = median(capturedMs.map((ms, round) => ms - (commandMs[round] ?? Number.NaN)));
  return [
    {
      name: 'start, flowtap run -- true ÷ node -e 0',
      wanted: `≤ ${MAX_RATIO}`,
      measured: ratio.toFixed(2),
      met: ratio <= MAX_RATIO,
    },
    {
      name: 'start, flowtap run -- true less true',
      wanted: `< ${MAX_DIFFERENCE_MS} ms`,
      measured: `${differenceMs.toFixed(0)} ms`,
      met: differenceMs < MAX_DIFFERENCE_MS,
    },
  ];
}
