// SPDX-License-Identifier: Apache-2.0
// Captures what it is told to, in a process of its own, and sends every event to the test: see support/recorder.ts.
import type { TapEvent } from '@flowtap/core';
import { BpfSource, type BpfSourceOptions } from '../../src/index.js';
import type { Answer, Order } from '../support/recorder-messages.js';

let source: BpfSource;
const removals: (() => Promise<void>)[] = [];

/** The test may be gone already: then nobody waits for the answer. */
const send = (answer: Answer) => process.send?.(answer, undefined, undefined, () => undefined);

function emit(event: TapEvent): void {
  send({ event: event.type === 'data' ? { ...event, bytes: Buffer.from(event.bytes).toString('latin1') } : event });
}

async function start(options: BpfSourceOptions): Promise<number> {
  source = new BpfSource(options);
  for (const type of ['connect', 'getsockname', 'data', 'close', 'process', 'lost'] as const) source.on(type, emit);
  source.on('error', (error) => send({ sourceError: error.message }));
  await source.start();
  return process.pid;
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'start':
      return start(order.options);
    case 'add': {
      const { pids, remove } = await source.addTarget(order.target);
      removals.push(remove);
      return { pids, handle: removals.length - 1 };
    }
    case 'remove':
      return removals[order.handle]?.();
    case 'spawn': {
      const child = await source.spawn(order.command, order.args, { stdio: 'ignore' });
      child.once('exit', (code, signal) => send({ exited: { pid: child.pid ?? 0, code, signal } }));
      return child.pid;
    }
    case 'block':
      // The consumer takes nothing meanwhile: what the ring cannot hold is lost.
      source.once('data', () => {
        for (const end = performance.now() + order.milliseconds; performance.now() < end; );
      });
      return undefined;
    case 'counters':
      return source.counters();
    case 'libraries':
      return source.tlsLibraries.map(({ path }) => path);
    case 'give-way':
      return source.giveWay();
    case 'yield': {
      const start = performance.now();
      for (let i = 0; i < order.times; i++) source.yieldProcessor();
      return performance.now() - start;
    }
    case 'stop':
      return source.stop();
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (value) => send({ id: order.id, value }),
    (error: Error & { code?: string }) => send({ id: order.id, error: { message: error.message, code: error.code } }),
  );
});
process.on('disconnect', () => process.exit());
