// SPDX-License-Identifier: Apache-2.0
// lifecycle.mjs <scene> <path of chatter>: what can go wrong between start and stop. Prints what happened as JSON.
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { BpfSource } from '../../src/index.js';

const [scene = '', chatter = ''] = isMainThread ? process.argv.slice(2) : (workerData as string[]);
const quiet = { stdio: 'ignore' } as const;

const codeOf = (error: unknown) => (error as { code?: string }).code;
const codeOfRejection = (work: Promise<unknown>) => work.then(() => 'resolved', codeOf);

const children: ChildProcess[] = [];

/** A capture with something to see, after so many data events. */
async function busy(events: number, source: BpfSource = new BpfSource()): Promise<BpfSource> {
  await source.start();
  const seen = new Promise<void>((resolve) => {
    let left = events;
    source.on('data', () => --left === 0 && resolve());
  });
  children.push(await source.spawn(chatter, [], quiet));
  await seen;
  return source;
}

const descriptors = () => readdirSync('/proc/self/fd').length;

const scenes: Record<string, () => Promise<unknown>> = {
  async 'started-twice'() {
    const source = new BpfSource();
    const before = await codeOfRejection(source.addTarget({ pid: 1 }));
    await source.start();
    const second = await codeOfRejection(source.start());
    await source.stop();
    return {
      before,
      second,
      third: await codeOfRejection(source.start()),
      add: await codeOfRejection(source.spawn('true')),
    };
  },

  async 'stopped-under-load'() {
    const source = await busy(500);
    const after: string[] = [];
    let ends = 0;
    source.on('end', () => {
      ends += 1;
      for (const type of ['data', 'connect', 'close', 'process', 'lost'] as const)
        source.on(type, () => after.push(type));
    });
    await Promise.all([source.stop(), source.stop()]);
    await source.stop();
    await turn();
    return { ends, after };
  },

  async 'stopped-in-listener'() {
    const source = await busy(10);
    return new Promise((resolve) => {
      source.once('data', () => resolve(source.stop().then(() => 'stopped')));
    });
  },

  async 'stopped-while-starting'() {
    const source = new BpfSource({ targets: [{ command: [chatter] }] });
    const starting = codeOfRejection(source.start());
    await source.stop();
    return { starting: await starting, spawn: await codeOfRejection(source.spawn('true')) };
  },

  async 'stopped-while-adding'() {
    const source = await busy(10);
    const adding = [source.addTarget({ pid: children[0]?.pid ?? 0 }), source.spawn(chatter, [], quiet)].map(
      codeOfRejection,
    );
    await source.stop();
    // Whichever way it went: both came to an end.
    return (await Promise.all(adding)).every((code) => code === 'resolved' || code === 'STATE_NOT_RUNNING');
  },

  async 'stopped-before-start'() {
    const source = new BpfSource();
    await source.stop();
    return codeOfRejection(source.start());
  },

  async 'listener-throws'() {
    let thrown = 0;
    process.on('uncaughtException', () => {
      thrown += 1;
    });
    const source = new BpfSource();
    const ends = new Map<string, number>();
    const jumps: number[] = [];
    source.on('data', ({ connection: { id }, direction, offset, length }) => {
      const key = `${id} ${direction}`;
      if (offset !== (ends.get(key) ?? 0)) jumps.push(offset);
      ends.set(key, offset + length);
      throw new Error('on purpose');
    });
    const closed = new Promise((resolve) => source.once('close', resolve));
    await source.start();
    await source.spawn(chatter, ['1638400'], quiet);
    await closed;
    await source.stop();
    return { thrown, jumps, bytes: [...ends.values()] };
  },

  async 'listener-throws-unhandled'() {
    const source = new BpfSource();
    source.on('data', () => {
      throw new Error('on purpose');
    });
    await source.start();
    await source.spawn(chatter, [], quiet);
    return new Promise(() => undefined);
  },

  async 'exit-in-listener'() {
    const source = await busy(10);
    source.on('data', () => process.exit(0));
    return new Promise(() => undefined);
  },

  async 'worker-terminated'() {
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(process.argv[1] as string, { workerData: ['in-worker', chatter] });
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      await worker.terminate();
    }
    await (await busy(10)).stop();
    return 'captured again';
  },

  async 'in-worker'() {
    await busy(100);
    parentPort?.postMessage('capturing');
    return new Promise(() => undefined);
  },

  async 'garbage-collected'() {
    let seen = 0;
    for (let i = 0; i < 10; i++) new BpfSource();
    (await busy(10)).on('data', () => {
      seen += 1;
    });
    // A capture that failed to start is nobody's any more.
    await codeOfRejection(new BpfSource({ targets: [{ pid: 2 ** 22 + 1 }] }).start());
    const before = seen;
    for (let i = 0; i < 20; i++) {
      (globalThis as { gc?: () => void }).gc?.();
      await turn();
    }
    while (seen < before + 100) await turn();
    process.exit(0);
  },

  async 'again-and-again'() {
    const once = async () => {
      await (await busy(1)).stop();
      for (const child of children) child.kill('SIGKILL');
      return descriptors();
    };
    const before = await once();
    for (let i = 0; i < 3; i++) await once();
    return (await once()) - before;
  },

  async 'loaded-and-not-started'() {
    const once = async () => {
      const source = new BpfSource();
      await source.load();
      await source.stop();
      return { descriptors: descriptors(), start: await codeOfRejection(source.start()) };
    };
    const before = await once();
    const after = await once();
    return { left: after.descriptors - before.descriptors, start: after.start };
  },

  async 'loaded-and-started'() {
    const source = new BpfSource();
    await Promise.all([source.load(), source.load()]);
    await (await busy(1, source)).stop();
    return 'captured';
  },
};

const result = await scenes[scene]?.();
if (isMainThread) {
  process.stdout.write(JSON.stringify(result));
  // chatter goes on as long as this process lives; nothing else may keep it.
  process.exit(0);
}
