// SPDX-License-Identifier: Apache-2.0
// A contender in a process of its own: `ContenderProcess` tells it what to do.
import type { RunResult } from './contender.js';
import type { Answer, Order } from './contender-process.js';
import { makeContender } from './contenders.js';

let run: (() => Promise<RunResult> | RunResult) | undefined;

async function obey(order: Order): Promise<Answer> {
  if ('corpus' in order) {
    run = makeContender(order.name, order.protocol)(order.corpus);
    return { result: await run() };
  }
  if (run === undefined) throw new Error('a contender needs a corpus first');
  return { secondsPerRun: await secondsPerRun(run, order.forMs) };
}

async function secondsPerRun(run: () => Promise<RunResult> | RunResult, forMs: number): Promise<number> {
  const start = performance.now();
  let repeats = 0;
  let elapsedMs = 0;
  while (elapsedMs < forMs) {
    await run();
    repeats += 1;
    elapsedMs = performance.now() - start;
  }
  return elapsedMs / repeats / 1000;
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: Error) => process.send?.({ error: error.stack ?? error.message } satisfies Answer),
  );
});
