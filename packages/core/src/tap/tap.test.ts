// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest';
import type { Exporter, ExportOptions, ExportResult } from '../delivery/exporter.js';
import type { Flow } from '../flow/flow.js';
import { FakeConnection, lostEvent } from '../testing/fake-connection.js';
import { FakeSource } from '../testing/fake-source.js';
import { lineProtocol } from '../testing/line-protocol.js';
import { createTap, type Tap } from './tap.js';
import type { TapOptions } from './tap-options.js';

/** Keeps what it gets; `hold` lets the test decide when an export is done. */
class FakeExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name: string;
  readonly flows: Flow[] = [];
  readonly calls: string[] = [];
  readonly #result: () => Promise<ExportResult>;

  constructor(name = 'fake', result: () => Promise<ExportResult> = async () => ({ status: 'ok' })) {
    this.name = name;
    this.#result = result;
  }

  async start(): Promise<void> {
    this.calls.push('start');
  }

  async export(flows: readonly Flow[]): Promise<ExportResult> {
    this.flows.push(...flows);
    return this.#result();
  }

  async flush(): Promise<void> {
    this.calls.push('flush');
  }

  async shutdown(): Promise<void> {
    this.calls.push('shutdown');
  }
}

function setUp(options: Partial<TapOptions> = {}) {
  const source = new FakeSource();
  const flows: Flow[] = [];
  const errors: string[] = [];
  const tap = createTap({ source, protocols: [lineProtocol()], ...options });
  tap.on('flow', (flow) => flows.push(flow));
  tap.on('error', (error) => errors.push(error.message));
  return { source, tap, flows, errors };
}

function exchange(source: FakeSource, text: string, id = 1): void {
  const connection = new FakeConnection({ id }, { fd: id });
  source.play(connection.ingress(`ASK ${text}\n`), connection.egress(`SAY ${text}\n`), connection.close());
}

/** Asks for batches of its own size. */
class ParticularExporter extends FakeExporter {
  readonly pipeline = { maxBatchFlows: 3 };
  readonly batches: number[] = [];

  override async export(flows: readonly Flow[]): Promise<ExportResult> {
    this.batches.push(flows.length);
    return super.export(flows);
  }
}

async function collect(tap: Tap): Promise<Flow[]> {
  const flows: Flow[] = [];
  for await (const flow of tap.flows()) flows.push(flow);
  return flows;
}

describe('a tap', () => {
  it('adds to a flow what describe knows of it, before the filter and for every consumer', async () => {
    const exporter = new FakeExporter();
    const container = { id: 'c0ffee', name: 'web', image: 'nginx:1' };
    const { source, tap, flows } = setUp({
      exporters: [exporter],
      describe: ({ connectionId }) => (connectionId === 2 ? { container, destinationContainer: 'db' } : undefined),
      where: (flow) => flow.container?.name === 'web',
    });
    await tap.start();
    for (const id of [1, 2]) exchange(source, `${id}`, id);
    source.end();
    await tap.ended;
    expect(flows).toMatchObject([{ connectionId: 2, container, destinationContainer: 'db' }]);
    expect(exporter.flows).toEqual(flows);
    expect(tap.stats().filteredFlows).toBe(1);
  });

  it('delivers a flow as it is when describe throws, and says so', async () => {
    const { source, tap, flows, errors } = setUp({
      describe: () => {
        throw new Error('engine is gone');
      },
    });
    await tap.start();
    exchange(source, 'x');
    source.end();
    await tap.ended;
    expect(flows).toHaveLength(1);
    expect(errors).toEqual(['engine is gone']);
    expect(tap.stats().counters).toMatchObject({ 'describe-error': 1 });
  });

  it('delivers each flow to listeners, iterators and exporters, and ends by itself with its source', async () => {
    const exporter = new FakeExporter();
    const { source, tap, flows } = setUp({ exporters: [exporter] });
    const iterated = collect(tap);
    await tap.start();
    for (let id = 1; id <= 100; id += 1) exchange(source, `${id}`, id);
    source.end();
    await tap.ended;
    expect(flows).toHaveLength(100);
    expect(await iterated).toEqual(flows);
    expect(exporter.flows).toEqual(flows);
    expect(exporter.calls).toContain('shutdown');
    expect(source.stopCalls).toBe(1);
    expect(tap.stats()).toMatchObject({
      flows: 100,
      events: 300,
      dataEvents: 200,
      connections: 100,
      openConnections: 0,
      exporters: [{ name: 'fake', queued: 0, exported: 100, dropped: 0, failed: 0 }],
    });
  });

  it('takes the clock of the source, which may be known only when it has started', async () => {
    const source = new FakeSource();
    let clock: FakeSource['clock'] | undefined;
    Object.defineProperty(source, 'clock', {
      get: () => {
        if (clock === undefined) throw new Error('not started');
        return clock;
      },
    });
    const { tap, flows } = setUp({ source });
    clock = { epochMs: 5000, monotonicNs: 0 };
    await tap.start();
    exchange(source, 'a');
    await tap.stop();
    expect(flows[0]?.startTimeMs).toBe(5001);
  });

  it('gives an exporter the pipeline that it asks for', async () => {
    const exporter = new ParticularExporter();
    const { source, tap } = setUp({ exporters: [exporter] });
    await tap.start();
    for (let id = 1; id <= 7; id++) exchange(source, `${id}`, id);
    await tap.stop();
    expect(exporter.batches).toEqual([3, 3, 1]);
  });

  it('lets its exporters yield the processor through its source', async () => {
    const yieldProcessor = vi.fn();
    const source = Object.assign(new FakeSource(), { yieldProcessor });
    const exporter = Object.assign(new FakeExporter('yielding'), {
      async export(_: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
        options.yieldProcessor?.();
        return { status: 'ok' };
      },
    });
    const { tap } = setUp({ source, exporters: [exporter] });
    await tap.start();
    exchange(source, 'hello');
    await tap.stop();
    expect(yieldProcessor).toHaveBeenCalledTimes(1);
  });

  it('stops once, however often it is asked to', async () => {
    const exporter = new FakeExporter();
    const { source, tap } = setUp({ exporters: [exporter] });
    const ends: string[] = [];
    tap.on('end', () => ends.push('end'));
    await tap.start();
    await Promise.all([tap.stop(), tap.stop()]);
    await tap.stop();
    expect(source.stopCalls).toBe(1);
    expect(exporter.calls.filter((call) => call === 'shutdown')).toHaveLength(1);
    expect(ends).toEqual(['end']);
    await expect(tap.start()).rejects.toMatchObject({ code: 'STATE_STOPPED' });
  });

  it('can be stopped before it was started, and started only once', async () => {
    const { tap, source } = setUp();
    await tap.stop();
    await tap.ended;
    expect(source.stopCalls).toBe(0);

    const other = setUp();
    await other.tap.start();
    await expect(other.tap.start()).rejects.toMatchObject({ code: 'STATE_STARTED' });
    await other.tap.stop();
  });

  it('handles the events that arrive while it stops', async () => {
    const { source, tap, flows } = setUp();
    await tap.start();
    const stop = source.stop.bind(source);
    source.stop = async () => {
      exchange(source, 'pending');
      await stop();
    };
    await tap.stop();
    expect(flows).toHaveLength(1);
  });

  it('survives a stop from inside a flow listener, in the middle of an event', async () => {
    const { source, tap, flows } = setUp();
    tap.on('flow', () => void tap.stop());
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK a\nASK b\nASK c\n'), connection.egress('SAY a\nSAY b\n'));
    await tap.ended;
    expect(flows).toHaveLength(3);
    expect(flows.map((flow) => flow.error?.code)).toEqual([undefined, undefined, 'no-response']);
  });

  it('stops at the end of an `await using` block', async () => {
    const { source, tap } = setUp();
    await tap.start();
    await tap[Symbol.asyncDispose]();
    expect(source.stopCalls).toBe(1);
  });
});

describe('failures', () => {
  it('of a listener cost neither the flow nor the connection, and are told', async () => {
    const exporter = new FakeExporter();
    const { source, tap, errors } = setUp({ exporters: [exporter] });
    tap.on('flow', () => {
      throw new Error('listener');
    });
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK a\nASK b\n'), connection.egress('SAY a\nSAY b\n'));
    await tap.stop();
    expect(exporter.flows).toHaveLength(2);
    expect(errors).toEqual(['listener', 'listener']);
    expect(tap.stats().counters).toEqual({ 'listener-error': 2 });
  });

  it('of the filter keep the flow back: what cannot be judged goes nowhere', async () => {
    const { source, tap, flows, errors } = setUp({
      where: () => {
        throw new Error('filter');
      },
    });
    await tap.start();
    exchange(source, 'a');
    await tap.stop();
    expect(flows).toEqual([]);
    expect(errors).toEqual(['filter']);
  });

  it('of the source end the tap: what is open comes out, iterators throw', async () => {
    const { source, tap, flows, errors } = setUp();
    const iterated = collect(tap);
    iterated.catch(() => {});
    await tap.start();
    source.play(new FakeConnection().ingress('ASK a\n'));
    source.emit('error', new Error('probe lost'));
    await tap.ended;
    expect(errors).toEqual(['probe lost']);
    expect(flows).toHaveLength(1);
    await expect(iterated).rejects.toThrow('probe lost');
  });

  it('of the start are thrown, after everything was closed again', async () => {
    const exporter = new FakeExporter();
    const source = new FakeSource({ onStart: () => Promise.reject(new Error('no privileges')) });
    const { tap } = setUp({ source, exporters: [exporter] });
    await expect(tap.start()).rejects.toThrow('no privileges');
    await tap.ended;
    expect(exporter.calls).toContain('shutdown');
  });

  it('of an exporter to start keep the source from starting', async () => {
    const onStart = vi.fn();
    const exporter = new FakeExporter();
    exporter.start = () => Promise.reject(new Error('read-only file system'));
    const { tap } = setUp({ source: new FakeSource({ onStart }), exporters: [exporter] });
    await expect(tap.start()).rejects.toThrow('read-only file system');
    expect(onStart).not.toHaveBeenCalled();
  });

  it('of one exporter cost the others nothing', async () => {
    const good = new FakeExporter('good');
    const bad = new FakeExporter('bad', async () => ({ status: 'failed', error: new Error('disk full') }));
    const { source, tap } = setUp({ exporters: [bad, good] });
    await tap.start();
    exchange(source, 'a');
    await tap.stop();
    expect(good.flows).toHaveLength(1);
    expect(tap.stats().exporters).toMatchObject([
      { name: 'bad', exported: 0, failed: 1 },
      { name: 'good', exported: 1, failed: 0 },
    ]);
  });
});

describe('options', () => {
  it('that cannot work are refused with what is wrong', () => {
    const source = new FakeSource();
    const protocols = [lineProtocol()];
    const future = { ...new FakeExporter(), apiVersion: 2 } as unknown as Exporter;
    expect(() => createTap({ source, protocols: [] })).toThrow(/protocols is empty/);
    expect(() => createTap({ source, protocols: [...protocols, ...protocols] })).toThrow(/line is listed twice/);
    expect(() => createTap({ source, protocols, exporters: [future] })).toThrow(/apiVersion 2/);
    expect(() => createTap({ source, protocols, limits: { maxBodyBytes: -1 } })).toThrow(/maxBodyBytes is -1/);
    expect(() => createTap({ source, protocols, redact: { headers: [''] } })).toThrow(/empty/);
    expect(() => createTap({ source: {} as FakeSource, protocols })).toThrow(/source is not an event source/);
  });

  it('filter flows before anybody sees them, and count them', async () => {
    const { source, tap, flows } = setUp({ where: (flow) => flow.connectionId !== 2 });
    await tap.start();
    for (const id of [1, 2, 3]) exchange(source, 'a', id);
    await tap.stop();
    expect(flows.map((flow) => flow.connectionId)).toEqual([1, 3]);
    expect(tap.stats()).toMatchObject({ flows: 2, filteredFlows: 1 });
  });

  it('give the recorder the key that secrets are hashed with, and wait for it at the end', async () => {
    const redactionKey = Buffer.alloc(32, 7);
    const source = new FakeSource({ redactionKey });
    const recorder = { attach: vi.fn(), stop: vi.fn(async () => {}), counters: { bytes: 5 } };
    const { tap } = setUp({ source, recorder });
    await tap.start();
    expect(recorder.attach).toHaveBeenCalledWith(source, redactionKey);
    await tap.stop();
    expect(recorder.stop).toHaveBeenCalledOnce();
    expect(tap.stats().recorder).toEqual({ bytes: 5 });
  });
});

describe('stats', () => {
  it('are plain JSON and hold what the source lost', async () => {
    const source = new FakeSource({ counters: { 'ring-full': 4 } });
    const { tap } = setUp({ source });
    await tap.start();
    source.play(lostEvent({ events: 4, bytes: 400 }));
    await tap.stop();
    const stats = tap.stats();
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    expect(stats).toMatchObject({ droppedEvents: 4, droppedBytes: 400, source: { 'ring-full': 4 } });
  });
});

describe('flows()', () => {
  it('drops for a consumer that is too slow, and counts it', async () => {
    const { source, tap } = setUp({ limits: { maxQueuedFlows: 2 } });
    const iterator = tap.flows();
    await tap.start();
    for (const id of [1, 2, 3, 4]) exchange(source, 'a', id);
    await tap.stop();
    expect((await iterator.next()).value?.connectionId).toBe(1);
    expect((await iterator.next()).value?.connectionId).toBe(2);
    expect((await iterator.next()).done).toBe(true);
    expect(tap.stats().iteratorDrops).toBe(2);
  });

  it('makes a source wait that can, so that a slow consumer gets everything', async () => {
    const source = new FakeSource();
    let ready: () => Promise<void> | undefined = () => undefined;
    const pacing = Object.assign(source, {
      paceBy: (given: typeof ready) => {
        ready = given;
      },
    });
    const { tap } = setUp({ source: pacing, limits: { maxQueuedFlows: 4 } });
    const iterated = collect(tap);
    await tap.start();
    for (let id = 1; id <= 50; id += 1) {
      await ready();
      exchange(source, 'a', id);
    }
    source.end();
    expect(await iterated).toHaveLength(50);
    expect(tap.stats().iteratorDrops).toBe(0);
  });

  it('ends when its signal aborts, when its consumer leaves, and at once after the end', async () => {
    const { source, tap } = setUp();
    const controller = new AbortController();
    const aborted = tap.flows({ signal: controller.signal }).next();
    await tap.start();
    controller.abort();
    expect((await aborted).done).toBe(true);
    expect((await tap.flows({ signal: controller.signal }).next()).done).toBe(true);

    const seen: number[] = [];
    const left = (async () => {
      for await (const flow of tap.flows()) {
        seen.push(flow.connectionId);
        break;
      }
    })();
    for (const id of [1, 2]) exchange(source, 'a', id);
    await left;
    expect(seen).toEqual([1]);

    await tap.stop();
    expect((await tap.flows().next()).done).toBe(true);
  });
});
