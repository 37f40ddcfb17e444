// SPDX-License-Identifier: Apache-2.0

import type { ExchangeFlow, Flow, FlowDescription } from '../flow/flow.js';
import type { FlowProgress, FlowUpdate, FlowUpdateSink } from '../flow/flow-update.js';
import type { ExportPipeline } from './export-pipeline.js';
import { FlowIterator } from './flow-iterator.js';

export interface FlowDeliveryOptions {
  /** Absent: all flows. */
  readonly where: ((flow: Flow) => boolean) | undefined;
  /** Absent: flows are as they were captured. */
  readonly describe: ((flow: Flow) => FlowDescription | undefined) | undefined;
  readonly redact: (flow: Flow) => Flow;
  readonly pipelines: readonly ExportPipeline[];
  readonly maxQueuedFlows: number;
  readonly notify: (flow: Flow) => void;
  readonly notifyUpdate: (update: FlowUpdate) => void;
  /** Somebody waits for `notifyUpdate`. */
  readonly hasUpdateListener: () => boolean;
  readonly onError: (code: string, error: unknown) => void;
}

/**
 * What happens to a finished flow: description, filter, redaction, then exporters, iterators and listeners. What is
 * told of a flow before takes the same way, without the iterators. Runs inside the parser, so nothing that a consumer
 * throws gets out of here.
 */
export class FlowDelivery implements FlowUpdateSink {
  /** Flows that passed the filter. */
  flows = 0;
  filteredFlows = 0;
  /** Flows that an iterator did not get because its consumer was too slow. */
  iteratorDrops = 0;
  readonly #options: FlowDeliveryOptions;
  readonly #updatePipelines: readonly ExportPipeline[];
  /** With what each of them takes; undefined: everything. */
  readonly #iterators = new Map<FlowIterator, ((flow: Flow) => boolean) | undefined>();
  #isEnded = false;
  #error: Error | undefined;

  constructor(options: FlowDeliveryOptions) {
    this.#options = options;
    this.#updatePipelines = options.pipelines.filter((pipeline) => pipeline.takesUpdates);
  }

  push(flow: Flow): void {
    const ready = this.#prepare(this.#described(flow));
    if (ready === undefined) return;
    if (ready === 'filtered') {
      this.filteredFlows += 1;
      return;
    }
    this.flows += 1;
    for (const pipeline of this.#options.pipelines) pipeline.push(ready);
    // Mostly there are none, and to iterate over an empty map is not for free.
    if (this.#iterators.size > 0) {
      for (const [iterator, where] of this.#iterators) this.#pushTo(iterator, where, ready);
    }
    try {
      this.#options.notify(ready);
    } catch (error) {
      this.#options.onError('listener-error', error);
    }
  }

  get isWanted(): boolean {
    return this.#updatePipelines.length > 0 || this.#options.hasUpdateListener();
  }

  open(flow: ExchangeFlow): ExchangeFlow | undefined {
    const ready = this.#prepare(this.#described(flow));
    if (ready === undefined || ready === 'filtered' || ready.kind !== 'flow') return undefined;
    this.#pushUpdate({ kind: 'open', flow: ready });
    return ready;
  }

  message(progress: FlowProgress): void {
    this.#pushUpdate(progress);
  }

  #pushTo(iterator: FlowIterator, where: ((flow: Flow) => boolean) | undefined, flow: Flow): void {
    try {
      if (where !== undefined && !where(flow)) return;
    } catch (error) {
      this.#options.onError('filter-error', error);
      return;
    }
    if (!iterator.push(flow)) this.iteratorDrops += 1;
  }

  #pushUpdate(update: FlowUpdate): void {
    for (const pipeline of this.#updatePipelines) pipeline.pushUpdate(update);
    try {
      this.#options.notifyUpdate(update);
    } catch (error) {
      this.#options.onError('listener-error', error);
    }
  }

  /** For a source that can wait: a promise while some consumer has no room. */
  ready(): Promise<void> | undefined {
    const waits = [...this.#options.pipelines, ...this.#iterators.keys()].map((consumer) => consumer.ready());
    const pending = waits.filter((wait) => wait !== undefined);
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
  }

  iterate(where: ((flow: Flow) => boolean) | undefined, signal: AbortSignal | undefined): FlowIterator {
    const abort = () => iterator.end();
    const iterator = new FlowIterator(this.#options.maxQueuedFlows, (ended) => {
      this.#iterators.delete(ended);
      signal?.removeEventListener('abort', abort);
    });
    if (this.#isEnded || signal?.aborted === true) {
      iterator.end(this.#isEnded ? this.#error : undefined);
      return iterator;
    }
    this.#iterators.set(iterator, where);
    signal?.addEventListener('abort', abort, { once: true });
    return iterator;
  }

  /** No more flows will come. */
  end(error: Error | undefined): void {
    this.#isEnded = true;
    this.#error = error;
    for (const iterator of [...this.#iterators.keys()]) iterator.end(error);
  }

  #described(flow: Flow): Flow {
    const { describe, onError } = this.#options;
    try {
      const description = describe?.(flow);
      return description === undefined ? flow : { ...flow, ...description };
    } catch (error) {
      onError('describe-error', error);
      return flow;
    }
  }

  /** A flow that cannot be filtered or redacted goes nowhere: it may hold secrets. */
  #prepare(flow: Flow): Flow | 'filtered' | undefined {
    const { where, redact, onError } = this.#options;
    try {
      if (where !== undefined && !where(flow)) return 'filtered';
    } catch (error) {
      onError('filter-error', error);
      return undefined;
    }
    try {
      return redact(flow);
    } catch (error) {
      onError('redaction-error', error);
      return undefined;
    }
  }
}
