// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectEvents, eventArbitrary } from '../../test/sample-events.js';
import { exchangeFlow } from '../../test/sample-flows.js';
import { mountSmallDisk, noSmallDisk } from '../../test/small-disk.js';
import { temporaryPath } from '../../test/temporary-directory.js';
import { ExportPipeline } from '../delivery/export-pipeline.js';
import { EventLogError } from '../errors.js';
import type { TapEvent } from '../events.js';
import type { Logger } from '../logger.js';
import { FakeConnection, FakeSource } from '../testing/index.js';
import { createRecorder } from './recorder.js';
import { ReplaySource } from './replay-source.js';

const clock = { epochMs: Date.UTC(2026, 10, 22) + 0.5, monotonicNs: 123_456_789 };
const key = Buffer.from('a redaction key');

const recordingLogger = () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  return { lines, logger: { debug: () => {}, info: log, warn: log, error: log } satisfies Logger };
};

async function record(path: string, events: readonly TapEvent[]): Promise<void> {
  const source = new FakeSource({ clock });
  const recorder = createRecorder({ path });
  recorder.attach(source, key);
  source.play(...events);
  await recorder.stop();
  expect(recorder.counters).toMatchObject({ events: events.length, dropped: 0 });
}

async function replay(path: string, logger?: Logger): Promise<readonly TapEvent[]> {
  const source = new ReplaySource({ path, ...(logger === undefined ? {} : { logger }) });
  const events = collectEvents(source);
  await source.start();
  return events;
}

const dataEvents = (count: number, bytes: number) => {
  const connection = new FakeConnection();
  return Array.from({ length: count }, (_, i) => connection.ingress(Buffer.alloc(bytes, i)));
};

describe('a recording', () => {
  it('gives the same events again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(eventArbitrary, { maxLength: 60 }), async (events) => {
        const path = temporaryPath('events.log');
        await record(path, events);
        expect(await replay(path)).toEqual(events);
      }),
      { numRuns: 40 },
    );
  });

  it('gives the same clock and redaction key', async () => {
    const path = temporaryPath('events.log');
    await record(path, []);
    const source = new ReplaySource({ path });
    expect(() => source.clock).toThrow('known when it is started');
    await source.start();
    expect(source.clock).toEqual(clock);
    expect(Buffer.from(source.redactionKey)).toEqual(key);
    await source.stop();
  });

  it('is private, also where a public file was', async () => {
    const path = temporaryPath('events.log');
    writeFileSync(path, 'old content that is longer than the log '.repeat(100), { mode: 0o644 });
    const events = dataEvents(1, 1);
    await record(path, events);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await replay(path)).toEqual(events);
  });

  it('copies bytes, which are borrowed', async () => {
    const path = temporaryPath('events.log');
    const source = new FakeSource({ clock });
    const recorder = createRecorder({ path });
    recorder.attach(source, key);
    const shared = Buffer.from('first');
    source.play(new FakeConnection().ingress(shared));
    shared.fill('x');
    await recorder.stop();
    expect(await replay(path)).toMatchObject([{ bytes: Buffer.from('first') }]);
  });

  it('is on disk soon, for the case that the process is killed', async () => {
    const path = temporaryPath('events.log');
    const source = new FakeSource({ clock });
    const recorder = createRecorder({ path });
    recorder.attach(source, key);
    const events = dataEvents(3, 10);
    source.play(...events);
    await sleep(300);
    expect(await replay(path)).toEqual(events);
    await recorder.stop();
  });

  it('holds events of any size', async () => {
    const path = temporaryPath('events.log');
    const events = [...dataEvents(1, 3_000_000), ...dataEvents(5, 200_000), ...dataEvents(1, 0)];
    await record(path, events);
    expect((await replay(path)).map(hashed)).toEqual(events.map(hashed));
  });

  it('leaves out and counts what no reader would take', async () => {
    const path = temporaryPath('events.log');
    const source = new FakeSource({ clock });
    const recorder = createRecorder({ path });
    recorder.attach(source, key);
    const [small, big] = [dataEvents(1, 10), dataEvents(1, 17_000_000)];
    source.play(...big, ...small);
    await recorder.stop();
    expect(recorder.counters).toMatchObject({ events: 1, dropped: 1, droppedBytes: 17_000_000 });
    expect(await replay(path)).toEqual([expect.objectContaining({ type: 'lost', cause: 'not-recorded' }), ...small]);
  });

  it('stays out of the way when its file cannot be opened', () => {
    const attach = () => createRecorder({ path: '/no/such/directory/x' }).attach(new FakeSource(), key);
    expect(attach).toThrow('The event log /no/such/directory/x cannot be written. The directory does not exist.');
    expect(attach).toThrow(EventLogError);
  });

  it('ends without a complaint when its source never started', async () => {
    const source = new FakeSource();
    Object.defineProperty(source, 'clock', {
      get: () => {
        throw new Error('not known yet');
      },
    });
    const recorder = createRecorder({ path: temporaryPath('events.log') });
    recorder.attach(source, key);
    await expect(recorder.stop()).resolves.toBeUndefined();
  });

  it('drops and counts what the disk is too slow for, and the log says so', async () => {
    const path = temporaryPath('events.log');
    const { lines, logger } = recordingLogger();
    const source = new FakeSource({ clock });
    const recorder = createRecorder({ path, maxWaitingBytes: 1_000_000, logger });
    recorder.attach(source, key);
    const events = dataEvents(300, 10_000);
    source.play(...events.slice(0, 299));
    const dropped = recorder.counters['dropped'] ?? 0;
    expect(dropped).toBeGreaterThan(150);
    await sleep(300);
    source.play(...events.slice(299));
    await recorder.stop();
    expect(recorder.counters).toMatchObject({ dropped, events: 300 - dropped });
    expect(lines).toEqual([expect.stringContaining('is not complete: the disk is too slow')]);
    const replayed = await replay(path);
    expect(replayed.filter(({ type }) => type === 'data')).toHaveLength(300 - dropped);
    expect(replayed.at(-2)).toMatchObject({ type: 'lost', cause: 'not-recorded', events: dropped });
  });

  const title = 'ends in whole events on a full disk, goes on when there is room, and counts';
  it.skipIf(noSmallDisk !== undefined)(noSmallDisk === undefined ? title : `${title} (${noSmallDisk})`, async () => {
    const directory = mountSmallDisk(1024 * 1024);
    const path = join(directory, 'events.log');
    const { lines, logger } = recordingLogger();
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(600 * 1024));
    const source = new FakeSource({ clock });
    const recorder = createRecorder({ path, logger });
    recorder.attach(source, key);
    const events = dataEvents(120, 10_000);
    source.play(...events.slice(0, 80));
    await sleep(300);
    expect(recorder.counters['dropped']).toBeGreaterThan(0);
    const { events: kept, dropped } = recorder.counters;
    rmSync(join(directory, 'ballast'));
    source.play(...events.slice(80, 90));
    await recorder.stop();
    expect(lines).toEqual([expect.stringMatching(/ENOSPC.*The capture goes on\./)]);
    expect(recorder.counters).toMatchObject({ events: (kept ?? 0) + 10, dropped });
    const replayed = await replay(path);
    expect(replayed.filter(({ type }) => type === 'data')).toHaveLength((kept ?? 0) + 10);
    expect(replayed).toContainEqual(expect.objectContaining({ type: 'lost', cause: 'not-recorded', events: dropped }));
  });
});

describe('a replay', () => {
  it.each<[string, (path: string) => void, string, RegExp]>([
    ['is not there', () => {}, 'EVENT_LOG_UNREADABLE', /no such file/],
    ['is empty', (path) => writeFileSync(path, ''), 'EVENT_LOG_NOT_A_LOG', /not an event log/],
    [
      'is something else',
      (path) => writeFileSync(path, '{"a":1}\n'.repeat(9)),
      'EVENT_LOG_NOT_A_LOG',
      /not an event log/,
    ],
    ['is of a later version', (path) => patch(path, 8, 2), 'EVENT_LOG_VERSION', /format version 2\. .*reads version 1/],
    ['has an endless header', (path) => patch(path, 14, 0xff), 'EVENT_LOG_DAMAGED', /header/],
    ['has a damaged header', (path) => patch(path, 16, 0), 'EVENT_LOG_DAMAGED', /header/],
    ['ends in its preamble', (path) => truncateSync(path, 11), 'EVENT_LOG_TRUNCATED', /within its header/],
    ['ends in its header', (path) => truncateSync(path, 60), 'EVENT_LOG_TRUNCATED', /within its header/],
  ])('of a file that %s is one clear error', async (title, damage, code, message) => {
    const path = temporaryPath('events.log');
    if (!title.includes('not there')) await record(path, dataEvents(1, 1));
    damage(path);
    const source = new ReplaySource({ path });
    const error = await source.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EventLogError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    await source.stop();
  });

  it('of a directory is one clear error', async () => {
    await expect(new ReplaySource({ path: '/' }).start()).rejects.toThrow('/ cannot be read. It is a directory.');
  });

  it('of a log that was cut gives all whole events, wherever the cut is', async () => {
    const path = temporaryPath('events.log');
    const events = dataEvents(3, 20);
    await record(path, []);
    const headerBytes = statSync(path).size;
    await record(path, events);
    const whole = readFileSync(path);
    const frameBytes = (whole.length - headerBytes) / 3;
    for (let length = headerBytes; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      const { lines, logger } = recordingLogger();
      const replayed = await replay(path, logger);
      // The times in the JSON may differ in length, so that the frames differ by a byte or two.
      const expected = Math.floor((length - headerBytes + 3) / frameBytes);
      const data = replayed.filter(({ type }) => type === 'data');
      expect(Math.abs(data.length - expected)).toBeLessThanOrEqual(1);
      expect(events.slice(0, data.length)).toEqual(data);
      const isCut = replayed.some((event) => event.type === 'lost' && event.cause === 'event-log-truncated');
      expect(lines.some((line) => line.includes('was cut at its end'))).toBe(isCut);
    }
  });

  it('never crashes on a damaged log', async () => {
    const path = temporaryPath('events.log');
    await record(path, fc.sample(eventArbitrary, { numRuns: 40, seed: 7 }));
    const whole = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 }),
        async (changes) => {
          const damaged = Buffer.from(whole);
          for (const [at, byte] of changes) damaged[at] = byte;
          writeFileSync(path, damaged);
          await replay(path).catch((error: unknown) => expect(error).toBeInstanceOf(EventLogError));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('leaves out a frame that is no event, and goes on', async () => {
    const path = temporaryPath('events.log');
    const events = dataEvents(1, 4);
    await record(path, events);
    const frame = (meta: string, payload = '') => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(meta.length);
      head.writeUInt32LE(payload.length, 4);
      return Buffer.concat([head, Buffer.from(meta + payload)]);
    };
    const whole = readFileSync(path);
    const second = whole.subarray(-(whole.length - whole.indexOf('{"type":"data"') + 8));
    for (const meta of ['', '{', 'null', '[]', '{"type":"lost"}', '{"type":"data","timestampNs":1e400}', '"connect"']) {
      appendFileSync(path, frame(meta, 'payload'));
    }
    appendFileSync(path, second);
    const { lines, logger } = recordingLogger();
    const replayed = await replay(path, logger);
    expect(replayed.filter(({ type }) => type === 'data')).toEqual([...events, ...events]);
    expect(replayed.filter(({ type }) => type === 'lost')).toHaveLength(7);
    expect(lines).toEqual([expect.stringContaining('7 events could not be read')]);
  });

  it('lets timers run and can be stopped in the middle', async () => {
    const path = temporaryPath('events.log');
    await record(path, dataEvents(20_000, 100));
    const source = new ReplaySource({ path });
    let events = 0;
    source.on('data', () => {
      events++;
    });
    const ended = new Promise((resolve) => source.on('end', () => resolve(undefined)));
    await source.start();
    expect(events).toBe(0);
    while (events === 0) await sleep(0);
    await Promise.all([source.stop(), source.stop()]);
    await ended;
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThan(20_000);
  });

  it('waits for slow consumers, so that no flow is lost', async () => {
    const path = temporaryPath('events.log');
    await record(path, dataEvents(5000, 50));
    const pipeline = new ExportPipeline(
      {
        apiVersion: 1,
        name: 'slow',
        export: async () => {
          await sleep(1);
          return { status: 'ok' };
        },
        flush: async () => {},
        shutdown: async () => {},
      },
      { maxQueueFlows: 2048, maxBatchFlows: 64 },
    );
    await pipeline.start();
    const source = new ReplaySource({ path });
    source.paceBy(() => pipeline.ready());
    source.on('data', () => pipeline.push(exchangeFlow()));
    const ended = new Promise((resolve) => source.on('end', () => resolve(undefined)));
    await source.start();
    await ended;
    await pipeline.shutdown();
    expect(pipeline.counters).toMatchObject({ exported: 5000, dropped: 0 });
  });

  it('can be stopped while its consumers are stuck', async () => {
    const path = temporaryPath('events.log');
    await record(path, dataEvents(10, 10));
    const source = new ReplaySource({ path });
    source.paceBy(() => new Promise(() => {}));
    await source.start();
    await sleep(5);
    await source.stop();
  });

  it('reports what a listener throws as an error', async () => {
    const path = temporaryPath('events.log');
    await record(path, dataEvents(1, 1));
    const source = new ReplaySource({ path });
    source.on('data', () => {
      throw new Error('a listener');
    });
    const error = new Promise((resolve) => source.on('error', resolve));
    const end = new Promise((resolve) => source.on('end', () => resolve('end')));
    await source.start();
    expect(await error).toMatchObject({ message: 'a listener' });
    expect(await end).toBe('end');
  });
});

/** Comparing megabytes byte by byte is slow. */
function hashed(event: TapEvent): object {
  return event.type === 'data' ? { ...event, bytes: createHash('sha256').update(event.bytes).digest('hex') } : event;
}

/** Changes one byte of the file. */
function patch(path: string, at: number, byte: number): void {
  const content = readFileSync(path);
  content[at] = byte;
  writeFileSync(path, content);
}
