// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { bodyOf, exchangeFlow, responseOf } from '../../test/sample-flows.js';
import { ConfigError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import type { FlowUpdate } from '../flow/flow-update.js';
import type { Logger } from '../logger.js';
import { ExportPipeline } from './export-pipeline.js';
import type { ExportPipelineOptions } from './export-pipeline-options.js';
import type { Exporter, ExportResult } from './exporter.js';

const flow = (id: number) => exchangeFlow({ id: String(id) });
const ok: ExportResult = { status: 'ok' };

/** An exporter under the test's control; it fails the test when two exports overlap. */
class TestExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name = 'test';
  readonly batches: string[][] = [];
  readonly calls: string[] = [];
  #underWay = 0;
  overlapped = false;
  constructor(answer: (flows: readonly Flow[], signal: AbortSignal) => Promise<ExportResult> = async () => ok) {
    this.#answer = answer;
  }
  readonly #answer: (flows: readonly Flow[], signal: AbortSignal) => Promise<ExportResult>;
  async start(): Promise<void> {
    this.calls.push('start');
  }
  async export(flows: readonly Flow[], { signal }: { readonly signal: AbortSignal }): Promise<ExportResult> {
    this.overlapped ||= this.#underWay > 0;
    this.#underWay++;
    this.batches.push(flows.map(({ id }) => id));
    try {
      return await this.#answer(flows, signal);
    } finally {
      this.#underWay--;
    }
  }
  async flush(): Promise<void> {
    this.calls.push('flush');
  }
  async shutdown(): Promise<void> {
    this.calls.push('shutdown');
  }
}

async function started(exporter: Exporter, options: ExportPipelineOptions = {}): Promise<ExportPipeline> {
  const pipeline = new ExportPipeline(exporter, { backoffMs: 1, ...options });
  await pipeline.start();
  return pipeline;
}

const pushAll = (pipeline: ExportPipeline, count: number) => {
  for (let i = 0; i < count; i++) pipeline.push(flow(i));
};

const recordingLogger = () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  return { lines, logger: { debug: () => {}, info: log, warn: log, error: log } satisfies Logger };
};

describe('batches', () => {
  it('go out at once when full, in order, and the rest after the delay', async () => {
    const exporter = new TestExporter();
    const pipeline = await started(exporter, { maxBatchFlows: 3, maxDelayMs: 20 });
    pushAll(pipeline, 7);
    await sleep(5);
    expect(exporter.batches).toEqual([
      ['0', '1', '2'],
      ['3', '4', '5'],
    ]);
    await vi.waitFor(() => expect(exporter.batches).toHaveLength(3));
    expect(exporter.batches[2]).toEqual(['6']);
    await pipeline.shutdown();
  });

  it('never overlap', async () => {
    const exporter = new TestExporter(async () => {
      await sleep(1);
      return ok;
    });
    const pipeline = await started(exporter, { maxBatchFlows: 10, maxDelayMs: 0 });
    for (let i = 0; i < 200; i++) {
      pipeline.push(flow(i));
      if (i % 17 === 0) await sleep(1);
    }
    await pipeline.shutdown();
    expect(exporter.overlapped).toBe(false);
    expect(exporter.batches.flat()).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
  });

  it('hold what was pushed before the start', async () => {
    const exporter = new TestExporter();
    const pipeline = new ExportPipeline(exporter, { maxBatchFlows: 2 });
    pushAll(pipeline, 3);
    await sleep(1);
    expect(exporter.batches).toEqual([]);
    await pipeline.start();
    await pipeline.flush();
    expect(exporter.batches.flat()).toEqual(['0', '1', '2']);
    await pipeline.shutdown();
  });
});

describe('a full queue', () => {
  it('drops the newest, counts them and says so once', async () => {
    const { lines, logger } = recordingLogger();
    let release = (_: ExportResult) => {};
    const stuck = new Promise<ExportResult>((resolve) => {
      release = resolve;
    });
    const exporter = new TestExporter(() => stuck);
    const pipeline = await started(exporter, { maxBatchFlows: 10, maxQueueFlows: 20, logger });
    pushAll(pipeline, 100);
    expect(pipeline.counters).toMatchObject({ queued: 30, dropped: 70, exported: 0 });
    expect(lines).toEqual([expect.stringContaining('1 flows dropped. Its queue is full')]);
    release(ok);
    await pipeline.shutdown();
    expect(pipeline.counters).toEqual({ queued: 0, exported: 30, dropped: 70, failed: 0, retried: 0 });
    expect(lines[1]).toContain('69 flows dropped');
    expect(exporter.batches.flat()).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
  });

  it('is one that holds too many bytes, yet a single big flow passes', async () => {
    const pipeline = new ExportPipeline(new TestExporter(), { maxQueueBytes: 100_000 });
    const big = exchangeFlow({ response: responseOf({ body: bodyOf(Buffer.alloc(150_000)) }) });
    expect(pipeline.push(big)).toBe(true);
    expect(pipeline.push(flow(1))).toBe(false);
    await pipeline.start();
    await pipeline.shutdown();
    expect(pipeline.counters).toMatchObject({ exported: 1, dropped: 1 });
  });

  it('makes a source that can wait, wait', async () => {
    const exporter = new TestExporter(async () => {
      await sleep(2);
      return ok;
    });
    const pipeline = await started(exporter, { maxBatchFlows: 5, maxQueueFlows: 20 });
    for (let i = 0; i < 200; i++) {
      pipeline.push(flow(i));
      await pipeline.ready();
    }
    await pipeline.shutdown();
    expect(pipeline.counters).toMatchObject({ exported: 200, dropped: 0 });
  });
});

describe('an export that fails', () => {
  it('is tried again when the exporter asks for it', async () => {
    let attempts = 0;
    const exporter = new TestExporter(async () =>
      ++attempts < 3 ? { status: 'retry', error: new Error('busy') } : ok,
    );
    const pipeline = await started(exporter);
    pushAll(pipeline, 2);
    await pipeline.shutdown();
    expect(exporter.batches).toEqual([
      ['0', '1'],
      ['0', '1'],
      ['0', '1'],
    ]);
    expect(pipeline.counters).toEqual({ queued: 0, exported: 2, dropped: 0, failed: 0, retried: 2 });
  });

  it('is given up after so many attempts', async () => {
    const { lines, logger } = recordingLogger();
    const exporter = new TestExporter(async () => ({ status: 'retry', error: new Error('still busy') }));
    const pipeline = await started(exporter, { maxAttempts: 3, logger });
    pushAll(pipeline, 2);
    await pipeline.shutdown();
    expect(exporter.batches).toHaveLength(3);
    expect(pipeline.counters).toMatchObject({ exported: 0, failed: 2, retried: 2 });
    expect(lines).toEqual(['Exporter test: 2 flows could not be exported. still busy']);
  });

  it('is not tried again past its deadline', async () => {
    const exporter = new TestExporter(async () => ({ status: 'retry', error: new Error('busy'), afterMs: 60_000 }));
    const pipeline = await started(exporter);
    pushAll(pipeline, 1);
    await pipeline.shutdown();
    expect(pipeline.counters).toMatchObject({ failed: 1, retried: 0 });
  });

  it.each<[string, () => Promise<ExportResult>]>([
    ['answers that it failed', async () => ({ status: 'failed', error: new Error('no') })],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['answers nothing', async () => undefined as unknown as ExportResult],
    ['answers nonsense', async () => ({ status: 'fine' }) as unknown as ExportResult],
  ])('costs only its own flows when the exporter %s', async (_, answer) => {
    let first = true;
    const exporter = new TestExporter(() => {
      if (!first) return Promise.resolve(ok);
      first = false;
      return answer();
    });
    const pipeline = await started(exporter, { maxBatchFlows: 2 });
    pushAll(pipeline, 4);
    await pipeline.shutdown();
    expect(pipeline.counters).toEqual({ queued: 0, exported: 2, dropped: 0, failed: 2, retried: 0 });
  });

  it('gets an abort signal at the time limit', async () => {
    const exporter = new TestExporter(
      (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ status: 'failed', error: new Error('aborted') }));
        }),
    );
    const pipeline = await started(exporter, { exportTimeoutMs: 20, maxBatchFlows: 1 });
    pushAll(pipeline, 2);
    await pipeline.flush();
    expect(exporter.batches).toHaveLength(2);
    expect(pipeline.counters).toMatchObject({ failed: 2 });
    await pipeline.shutdown();
  });

  it('is not joined by another one when it ignores the signal', async () => {
    const { lines, logger } = recordingLogger();
    const exporter = new TestExporter(() => new Promise(() => {}));
    const pipeline = await started(exporter, { exportTimeoutMs: 10, drainTimeoutMs: 50, maxBatchFlows: 1, logger });
    pushAll(pipeline, 5);
    await sleep(30);
    expect(exporter.batches).toEqual([['0']]);
    await pipeline.shutdown();
    expect(pipeline.counters).toEqual({ queued: 0, exported: 0, dropped: 4, failed: 1, retried: 0 });
    expect(lines.join()).toContain('took longer than 10 ms');
  });
});

describe('flush', () => {
  it('waits for what was pushed and flushes the exporter', async () => {
    const exporter = new TestExporter();
    const pipeline = await started(exporter, { maxDelayMs: 60_000 });
    pushAll(pipeline, 3);
    await pipeline.flush();
    expect(exporter.batches).toEqual([['0', '1', '2']]);
    expect(exporter.calls).toEqual(['start', 'flush']);
    await pipeline.shutdown();
  });

  it('contains an exporter that rejects', async () => {
    const { lines, logger } = recordingLogger();
    const exporter = new TestExporter();
    exporter.flush = () => Promise.reject(new Error('cannot'));
    exporter.shutdown = () => {
      throw new Error('cannot either');
    };
    const pipeline = await started(exporter, { logger });
    await pipeline.flush();
    await pipeline.shutdown();
    expect(lines).toEqual(['Exporter test: flush failed. cannot', 'Exporter test: shutdown failed. cannot either']);
  });
});

describe('shutdown', () => {
  it('is done once, and drops what comes later', async () => {
    const exporter = new TestExporter();
    const pipeline = await started(exporter);
    pushAll(pipeline, 1);
    await Promise.all([pipeline.shutdown(), pipeline.shutdown()]);
    expect(pipeline.push(flow(9))).toBe(false);
    expect(exporter.calls).toEqual(['start', 'shutdown']);
    expect(pipeline.counters).toEqual({ queued: 0, exported: 1, dropped: 1, failed: 0, retried: 0 });
  });

  it('ends in time and accounts for every flow', async () => {
    const exporter = new TestExporter(async () => {
      await sleep(30);
      return ok;
    });
    const pipeline = await started(exporter, { maxBatchFlows: 1, drainTimeoutMs: 100 });
    pushAll(pipeline, 100);
    const start = performance.now();
    await pipeline.shutdown();
    expect(performance.now() - start).toBeLessThan(1000);
    const { queued, exported, dropped, failed } = pipeline.counters;
    expect(queued).toBe(0);
    expect(exported).toBeGreaterThan(0);
    expect(exported + dropped + failed).toBe(100);
  });

  it('works without a start', async () => {
    const exporter = new TestExporter();
    const pipeline = new ExportPipeline(exporter);
    pushAll(pipeline, 2);
    await pipeline.shutdown();
    expect(exporter.calls).toEqual([]);
    expect(pipeline.counters).toMatchObject({ queued: 0, dropped: 2 });
  });
});

it('rejects the start when the exporter cannot start', async () => {
  const exporter = new TestExporter();
  exporter.start = () => Promise.reject(new Error('no such directory'));
  await expect(new ExportPipeline(exporter).start()).rejects.toThrow('no such directory');
});

it.each([{ maxBatchFlows: 0 }, { maxQueueFlows: -1 }, { maxDelayMs: Number.NaN }, { exportTimeoutMs: 2 ** 40 }])(
  'refuses %j',
  (options) => {
    expect(() => new ExportPipeline(new TestExporter(), options)).toThrow(ConfigError);
  },
);

describe('updates of open flows', () => {
  const opening = (id: number): FlowUpdate => ({ kind: 'open', flow: flow(id) });

  /** Notes what it gets in order; `open` lets the exports go on. */
  class UpdateExporter extends TestExporter {
    readonly heard: string[] = [];
    async exportUpdates(updates: readonly FlowUpdate[]): Promise<ExportResult> {
      this.heard.push(updates.map(({ flow: { id } }) => `open ${id}`).join(' '));
      return ok;
    }
    override async export(flows: readonly Flow[], options: { readonly signal: AbortSignal }): Promise<ExportResult> {
      this.heard.push(flows.map(({ id }) => `flow ${id}`).join(' '));
      return super.export(flows, options);
    }
  }

  it('go out before the flows of their batch', async () => {
    const exporter = new UpdateExporter();
    const pipeline = await started(exporter, { maxBatchFlows: 4 });
    pipeline.pushUpdate(opening(1));
    pipeline.push(flow(1));
    pipeline.pushUpdate(opening(2));
    pipeline.push(flow(2));
    pipeline.pushUpdate(opening(3));
    await pipeline.shutdown();
    expect(exporter.heard).toEqual(['open 1 open 2', 'flow 1 flow 2', 'open 3']);
    expect(pipeline.counters).toMatchObject({ exported: 2, queued: 0, updates: { exported: 3, queued: 0 } });
  });

  it('are the first to be dropped, and counted apart', async () => {
    const { lines, logger } = recordingLogger();
    const pipeline = new ExportPipeline(new UpdateExporter(), { maxQueueFlows: 4, logger });
    const taken = [1, 2, 3, 4].map((id) => pipeline.pushUpdate(opening(id)));
    expect(taken).toEqual([true, true, true, false]);
    expect(pipeline.push(flow(5))).toBe(true);
    expect(pipeline.push(flow(6))).toBe(false);
    expect(pipeline.counters).toMatchObject({ queued: 1, dropped: 1, updates: { queued: 3, dropped: 1 } });
    await pipeline.shutdown();
    expect(pipeline.counters).toMatchObject({ queued: 0, dropped: 2, updates: { queued: 0, dropped: 4 } });
    expect(lines.join('\n')).toContain('updates of open flows were not exported');
  });

  it('that fail cost no flow', async () => {
    const exporter = new UpdateExporter();
    exporter.exportUpdates = async () => ({ status: 'failed', error: new Error('no') });
    const pipeline = await started(exporter);
    pipeline.pushUpdate(opening(1));
    pipeline.push(flow(1));
    await pipeline.shutdown();
    expect(pipeline.counters).toMatchObject({ exported: 1, failed: 0, updates: { exported: 0, failed: 1 } });
  });

  it('are nothing to an exporter that does not take them', async () => {
    const pipeline = await started(new TestExporter());
    expect(pipeline.takesUpdates).toBe(false);
    expect(pipeline.pushUpdate(opening(1))).toBe(false);
    await pipeline.shutdown();
    expect(pipeline.counters.updates).toBeUndefined();
  });
});
