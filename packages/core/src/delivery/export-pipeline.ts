// SPDX-License-Identifier: Apache-2.0

import { asError, FlowtapError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import { approximateFlowBytes, approximateUpdateBytes } from '../flow/flow-size.js';
import type { FlowUpdate } from '../flow/flow-update.js';
import { GroupedLog } from '../grouped-log.js';
import { type Logger, silentLogger } from '../logger.js';
import { BoundedQueue } from './bounded-queue.js';
import { type ExportItem, exportUpdates, split } from './export-batch.js';
import { type Attempt, type Delivery, deliver } from './export-delivery.js';
import {
  type ExportPipelineOptions,
  type ResolvedExportPipelineOptions,
  resolveExportPipelineOptions,
} from './export-pipeline-options.js';
import type { Exporter, ExportOptions, ExportResult } from './exporter.js';

/** Of each item that was pushed exactly one of them tells. */
export interface ItemCounters {
  /** Waiting, or being exported. */
  readonly queued: number;
  readonly exported: number;
  /** Not taken because the queue was full or the pipeline was shut down, or not out when its time was up. */
  readonly dropped: number;
  /** Given to the exporter, which could not deliver. */
  readonly failed: number;
}

/** `ItemCounters`: of flows. */
export interface ExportCounters extends ItemCounters {
  /** Exports that were tried again. */
  readonly retried: number;
  /** What was told of flows before they ended. Absent unless the exporter takes it. */
  readonly updates?: ItemCounters;
}

/**
 * Stands between the tap and one exporter: a bounded queue, batches, retries and a time limit, so that an exporter
 * that is slow, stuck or broken blocks neither the capture nor the other exporters. What it could not take is counted
 * and reported.
 */
export class ExportPipeline {
  readonly exporter: Exporter;
  readonly #options: ResolvedExportPipelineOptions;
  readonly #logger: Logger;
  readonly #queue: BoundedQueue<ExportItem>;
  readonly #dropLog: GroupedLog;
  readonly #failureLog: GroupedLog;
  readonly #updateLog: GroupedLog;
  readonly #yieldProcessor: () => void;
  readonly #abort = new AbortController();
  #state: 'new' | 'started' | 'closed' = 'new';
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  /** Items at the head of the queue that are not to wait for a full batch. */
  #due = 0;
  #inFlight = 0;
  #accepted = 0;
  #exported = 0;
  #dropped = 0;
  #failed = 0;
  #retried = 0;
  readonly #updates = { queued: 0, exported: 0, dropped: 0, failed: 0 };
  #waiters: { readonly until: () => boolean; readonly resolve: () => void }[] = [];
  #shutdown: Promise<void> | undefined;

  /** @throws ConfigError `CONFIG_INVALID_OPTION` */
  constructor(exporter: Exporter, options: ExportPipelineOptions = {}) {
    this.exporter = exporter;
    this.#options = resolveExportPipelineOptions(options);
    this.#logger = options.logger ?? silentLogger;
    this.#yieldProcessor = options.yieldProcessor ?? (() => {});
    const { maxQueueFlows, maxQueueBytes, logIntervalMs } = this.#options;
    this.#queue = new BoundedQueue(maxQueueFlows, maxQueueBytes);
    this.#dropLog = new GroupedLog(logIntervalMs, (count, detail) => {
      this.#logger.warn(`Exporter ${exporter.name}: ${count} flows dropped. ${detail}`);
    });
    this.#failureLog = new GroupedLog(logIntervalMs, (count, detail) => {
      this.#logger.warn(`Exporter ${exporter.name}: ${count} flows could not be exported. ${detail}`);
    });
    this.#updateLog = new GroupedLog(logIntervalMs, (count, detail) => {
      this.#logger.warn(`Exporter ${exporter.name}: ${count} updates of open flows were not exported. ${detail}`);
    });
  }

  get counters(): ExportCounters {
    return {
      queued: this.#queue.length + this.#inFlight - this.#updates.queued,
      exported: this.#exported,
      dropped: this.#dropped,
      failed: this.#failed,
      retried: this.#retried,
      ...(this.takesUpdates ? { updates: { ...this.#updates } } : {}),
    };
  }

  /** Whether the exporter takes what is told of flows before they end. */
  get takesUpdates(): boolean {
    return this.exporter.exportUpdates !== undefined;
  }

  /** Starts the exporter, and rejects if that fails. Flows that were pushed before are exported from now on. */
  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    await this.exporter.start?.();
    this.#state = 'started';
    if (this.#queue.length > 0) this.#exportAll();
  }

  /** Never blocks, never throws. False when the flow was dropped. */
  push(flow: Flow, approximateBytes: number = approximateFlowBytes(flow)): boolean {
    if (this.#state === 'closed' || !this.#queue.add(flow, approximateBytes)) {
      const { maxQueueFlows, maxQueueBytes } = this.#options;
      const full = `Its queue is full (${maxQueueFlows} flows or ${maxQueueBytes} bytes).`;
      this.#drop(1, this.#state === 'closed' ? 'It is shut down.' : full);
      return false;
    }
    this.#accept();
    return true;
  }

  /** The same for what is told of a flow before it ends. Takes no room that flows may need. */
  pushUpdate(update: FlowUpdate): boolean {
    if (!this.takesUpdates) return false;
    if (this.#state === 'closed' || !this.#queue.hasRoom || !this.#queue.add(update, approximateUpdateBytes(update))) {
      this.#dropUpdates(1, this.#state === 'closed' ? 'It is shut down.' : 'Half of its queue is in use.');
      return false;
    }
    this.#updates.queued++;
    this.#accept();
    return true;
  }

  /**
   * For a source that can wait, such as a replay: undefined while there is room for many more flows, else a promise
   * that resolves when there is.
   */
  ready(): Promise<void> | undefined {
    if (this.#queue.hasRoom || this.#state !== 'started') return undefined;
    return this.#wait(() => this.#queue.hasRoom);
  }

  /** Resolves when all flows that were pushed before are out, or counted as dropped or failed. */
  async flush(): Promise<void> {
    if (this.#state === 'new') return;
    const target = this.#accepted;
    this.#exportAll();
    await this.#wait(() => this.#accepted - this.#queue.length - this.#inFlight >= target);
    if (this.#state === 'started') await this.#contain('flush', this.exporter.flush.bind(this.exporter));
  }

  /** Takes no more flows, exports what waits within `drainTimeoutMs`, then shuts the exporter down. Idempotent. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#close();
    return this.#shutdown;
  }

  async #close(): Promise<void> {
    const started = this.#state === 'started';
    const { drainTimeoutMs } = this.#options;
    const timer = setTimeout(() => this.#abort.abort(shutdownError(drainTimeoutMs)), drainTimeoutMs);
    if (started) {
      this.#exportAll();
      this.#state = 'closed';
      await this.#wait(() => this.#queue.length + this.#inFlight === 0);
    }
    this.#state = 'closed';
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#dropWaiting(started ? shutdownError(drainTimeoutMs).message : 'It was never started.');
    this.#dropLog.flush();
    this.#failureLog.flush();
    this.#updateLog.flush();
    if (started) await this.#contain('shutdown', this.exporter.shutdown.bind(this.exporter));
  }

  #accept(): void {
    this.#accepted++;
    if (this.#queue.length >= this.#options.maxBatchFlows) this.#run();
    else if (this.#timer === undefined && !this.#running) this.#arm();
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#exportAll();
    }, this.#options.maxDelayMs);
  }

  #exportAll(): void {
    this.#due = this.#queue.length;
    this.#run();
  }

  #run(): void {
    if (this.#running || this.#state === 'new') return;
    this.#running = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#exportBatches().finally(() => {
      this.#running = false;
      if (this.#queue.length > 0) this.#arm();
      this.#settle();
    });
  }

  async #exportBatches(): Promise<void> {
    const { maxBatchFlows } = this.#options;
    while (this.#queue.length >= maxBatchFlows || (this.#due > 0 && this.#queue.length > 0)) {
      if (this.#abort.signal.aborted) {
        this.#dropWaiting(asError(this.#abort.signal.reason).message);
        return;
      }
      const items = this.#queue.take(maxBatchFlows);
      this.#due = Math.max(0, this.#due - items.length);
      this.#inFlight = items.length;
      await this.#exportBatch(items);
      this.#inFlight = 0;
      this.#settle();
    }
  }

  /** Updates first: none is about a flow that came before it. */
  async #exportBatch(items: readonly ExportItem[]): Promise<void> {
    const { exporter } = this;
    const { updates, flows } =
      this.#updates.queued === 0 ? { updates: [], flows: items as readonly Flow[] } : split(items);
    if (updates.length > 0) {
      const { error } = await this.#deliver((options) => exportUpdates(exporter, updates, options));
      this.#updates.queued -= updates.length;
      this.#inFlight -= updates.length;
      if (error === undefined) this.#updates.exported += updates.length;
      else this.#failUpdates(updates.length, error);
    }
    if (flows.length === 0) return;
    const { error } = await this.#deliver((options) => exporter.export(flows, options));
    if (error === undefined) {
      this.#exported += flows.length;
      return;
    }
    this.#failed += flows.length;
    this.#failureLog.note(flows.length, error.message);
  }

  async #deliver(attempt: (options: ExportOptions) => Promise<ExportResult>): Promise<Delivery> {
    const { exportTimeoutMs, maxAttempts, backoffMs, maxBackoffMs } = this.#options;
    const attemptOnce: Attempt = (signal) => attempt({ signal, yieldProcessor: this.#yieldProcessor });
    const delivery = await deliver(this.exporter.name, attemptOnce, {
      timeoutMs: exportTimeoutMs,
      maxAttempts,
      backoffMs,
      maxBackoffMs,
      signal: this.#abort.signal,
      onRetry: (error) => {
        this.#retried++;
        this.#logger.debug(`Exporter ${this.exporter.name}: tried again. ${error.message}`);
      },
    });
    // Only one export may be under way: wait for one that ignores its signal, but not beyond the end.
    if (delivery.released !== undefined) await Promise.race([delivery.released, whenAborted(this.#abort.signal)]);
    return delivery;
  }

  #dropWaiting(reason: string): void {
    const items = this.#queue.take(this.#queue.length);
    const flows = items.length - this.#updates.queued;
    if (this.#updates.queued > 0) this.#dropUpdates(this.#updates.queued, reason);
    this.#updates.queued = 0;
    if (flows > 0) this.#drop(flows, reason);
  }

  #drop(count: number, reason: string): void {
    this.#dropped += count;
    this.#dropLog.note(count, reason);
  }

  #dropUpdates(count: number, reason: string): void {
    this.#updates.dropped += count;
    this.#updateLog.note(count, reason);
  }

  #failUpdates(count: number, error: Error): void {
    this.#updates.failed += count;
    this.#updateLog.note(count, error.message);
  }

  #wait(until: () => boolean): Promise<void> {
    if (until()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ until, resolve });
    });
  }

  #settle(): void {
    this.#waiters = this.#waiters.filter(({ until, resolve }) => {
      const done = until();
      if (done) resolve();
      return !done;
    });
  }

  /** `flush` and `shutdown` of an exporter must not reject or hang; if they do, it is logged. */
  async #contain(operation: string, run: () => Promise<void>): Promise<void> {
    const { exportTimeoutMs, drainTimeoutMs } = this.#options;
    const timeoutMs = operation === 'shutdown' ? drainTimeoutMs : exportTimeoutMs;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`It took longer than ${timeoutMs} ms.`)), timeoutMs);
    });
    try {
      await Promise.race([run(), timeout]);
    } catch (error) {
      this.#logger.error(`Exporter ${this.exporter.name}: ${operation} failed. ${asError(error).message}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

function shutdownError(drainTimeoutMs: number): FlowtapError {
  return new FlowtapError('EXPORT_SHUTDOWN', `They were not out ${drainTimeoutMs} ms after the end.`);
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
