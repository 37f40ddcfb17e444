// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'eventemitter3';
import { createFlowFilter, type FilteredFlow, type FlowFilter } from '../criteria/flow-filter.js';
import { ExportPipeline } from '../delivery/export-pipeline.js';
import { FlowDelivery } from '../delivery/flow-delivery.js';
import { asError, StateError } from '../errors.js';
import type { ExchangeFlow, Flow } from '../flow/flow.js';
import type { FlowProgress } from '../flow/flow-update.js';
import { type Logger, silentLogger } from '../logger.js';
import { createRedactor, type RedactOptions } from '../redact/redact.js';
import { SocketMap } from '../sockets/socket-map.js';
import type { EventSource } from '../source.js';
import { resolveLimits } from './limits.js';
import { SourceSubscription } from './source-subscription.js';
import { checkTapOptions, type EventRecorder, type TapOptions } from './tap-options.js';
import type { TapStats } from './tap-stats.js';

const REDACTION_KEY_BYTES = 32;

export interface FlowIteratorOptions<F extends FlowFilter = FlowFilter> {
  /**
   * Flows that this iterator is to give, of those that the tap delivers. A type predicate, or criteria with a `protocol`,
   * narrow their type. It sees flows as consumers do, redacted. @default all
   */
  readonly where?: F;
  /** Ends the iteration, not the tap. */
  readonly signal?: AbortSignal;
}

export interface TapEvents {
  /** Synchronously, as soon as it is complete. What a listener throws is reported as `error`. */
  flow: [flow: Flow];
  /**
   * A flow has begun: its request is there, or it streams. It comes as `flow`, with the same id, when it has ended, unless
   * the filter then keeps it back. Parsers announce flows only while this or `flow:message` has a listener, or an
   * exporter takes updates.
   */
  'flow:open': [flow: ExchangeFlow];
  /** A message of an open flow (WebSocket, server-sent events, gRPC). */
  'flow:message': [progress: FlowProgress];
  /** The source failed, or a listener, filter or recorder did. The tap goes on unless it was the source. */
  error: [error: Error];
  /** Everything is delivered and closed. */
  end: [];
}

type Listener<E extends keyof TapEvents> = EventEmitter.EventListener<TapEvents, E>;

/** A capture under way: from the events of a source to flows. */
export interface Tap extends EventEmitter<TapEvents> {
  /**
   * Starts the exporters, then the source; resolves when events flow. A tap can be started once.
   *
   * @throws what the source or an exporter reports; everything is closed again then.
   * @throws StateError with code `STATE_STARTED` or `STATE_STOPPED`.
   */
  start(): Promise<void>;
  /**
   * Stops the source, hands out what is unfinished, shuts the exporters and the recorder down. Resolves when all is
   * delivered or counted. Idempotent. Not needed when the source ends by itself.
   */
  stop(): Promise<void>;
  /**
   * Flows from now on. A consumer that is too slow loses flows, which `iteratorDrops` counts, unless the source can
   * wait (a replay). Ends with the tap or when `signal` aborts; throws when the source failed.
   *
   * @throws ConfigError `CONFIG_INVALID_OPTION` for a `where` that means nothing.
   *
   * @example
   * ```ts
   * for await (const { request } of tap.flows({ where: { protocol: 'http/1.1', status: '5xx' } })) {
   *   console.log(request?.method, request?.target);
   * }
   * ```
   */
  flows<const F extends FlowFilter = FlowFilter>(
    options?: FlowIteratorOptions<F>,
  ): AsyncIterableIterator<FilteredFlow<F>>;
  stats(): TapStats;
  /** Resolves when everything is delivered and closed, also after a failure. Never rejects. */
  readonly ended: Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * @example
 * ```ts
 * const tap = createTap({ source, protocols: [http1()] });
 * await tap.start();
 * for await (const flow of tap.flows()) console.log(flow.protocol, flow.durationMs);
 * ```
 *
 * @throws ConfigError with code `CONFIG_INVALID_OPTION`, `CONFIG_API_VERSION` or `CONFIG_DUPLICATE_PROTOCOL`.
 */
export function createTap(options: TapOptions): Tap {
  return new FlowTap(options);
}

class FlowTap extends EventEmitter<TapEvents> implements Tap {
  readonly ended: Promise<void>;
  readonly #source: EventSource;
  readonly #logger: Logger;
  readonly #recorder: EventRecorder | undefined;
  readonly #pipelines: readonly ExportPipeline[];
  readonly #delivery: FlowDelivery;
  readonly #map: SocketMap;
  readonly #subscription: SourceSubscription;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => void this.stop();
  readonly #ownRedactionKey = randomBytes(REDACTION_KEY_BYTES);
  #resolveEnded: () => void = () => {};
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #sourceError: Error | undefined;
  #isSourceStarted = false;
  /** Parsers ask at each message: counting the listeners of an emitter costs more than most of what they do with it. */
  #mayHaveUpdateListener = false;

  constructor(options: TapOptions) {
    super();
    checkTapOptions(options);
    const { source, protocols, where, exporters = [], redact = {}, logger = silentLogger } = options;
    const limits = resolveLimits(options.limits);
    this.#source = source;
    this.#logger = logger;
    this.#recorder = options.recorder;
    const yieldProcessor = () => source.yieldProcessor?.();
    this.#pipelines = exporters.map(
      (exporter) => new ExportPipeline(exporter, { ...exporter.pipeline, logger, yieldProcessor }),
    );
    this.#delivery = new FlowDelivery({
      where: where === undefined ? undefined : createFlowFilter(where),
      describe: options.describe,
      redact: redact === false ? (flow) => flow : this.#lazyRedactor(redact),
      pipelines: this.#pipelines,
      maxQueuedFlows: limits.maxQueuedFlows,
      notify: (flow) => this.emit('flow', flow),
      notifyUpdate: (update) => {
        if (update.kind === 'open') this.emit('flow:open', update.flow);
        else this.emit('flow:message', update);
      },
      hasUpdateListener: () =>
        this.#mayHaveUpdateListener && this.listenerCount('flow:open') + this.listenerCount('flow:message') > 0,
      onError: (code, error) => this.#report(code, error),
    });
    this.#map = new SocketMap({
      protocols,
      limits,
      logger,
      clock: () => source.clock,
      onFlow: (flow) => this.#delivery.push(flow),
      updates: this.#delivery,
    });
    this.#subscription = new SourceSubscription(source, this.#map, {
      onEnd: () => void this.#finish(),
      onError: (error) => this.#sourceFailed(error),
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#signal = options.signal;
    this.#signal?.addEventListener('abort', this.#abort, { once: true });
    if (this.#signal?.aborted === true) void this.#finish();
  }

  override on<E extends keyof TapEvents>(event: E, listener: Listener<E>, context?: unknown): this {
    this.#noteListener(event);
    return super.on(event, listener, context);
  }

  override addListener<E extends keyof TapEvents>(event: E, listener: Listener<E>, context?: unknown): this {
    return this.on(event, listener, context);
  }

  override once<E extends keyof TapEvents>(event: E, listener: Listener<E>, context?: unknown): this {
    this.#noteListener(event);
    return super.once(event, listener, context);
  }

  #noteListener(event: keyof TapEvents): void {
    if (event === 'flow:open' || event === 'flow:message') this.#mayHaveUpdateListener = true;
  }

  async start(): Promise<void> {
    if (this.#closing !== undefined) throw new StateError('STATE_STOPPED', 'This tap was stopped.');
    if (this.#starting !== undefined) throw new StateError('STATE_STARTED', 'This tap was started already.');
    this.#starting = this.#open();
    try {
      await this.#starting;
    } catch (error) {
      await this.#finish();
      throw error;
    }
  }

  async stop(): Promise<void> {
    // A source that is half attached can only be stopped once it is attached; a failure is reported by start().
    await this.#starting?.catch(() => {});
    await this.#finish();
  }

  flows<const F extends FlowFilter = FlowFilter>(
    options: FlowIteratorOptions<F> = {},
  ): AsyncIterableIterator<FilteredFlow<F>> {
    const { where, signal } = options;
    // The filter is what makes the type true.
    return this.#delivery.iterate(where && createFlowFilter(where), signal) as AsyncIterableIterator<FilteredFlow<F>>;
  }

  stats(): TapStats {
    const { flows, filteredFlows, iteratorDrops } = this.#delivery;
    return {
      flows,
      filteredFlows,
      ...this.#map.totals,
      iteratorDrops,
      exporters: this.#pipelines.map(({ exporter, counters }) => ({ name: exporter.name, ...counters })),
      counters: this.#map.counters.toRecord(),
      source: this.#source.counters?.() ?? {},
      ...(this.#recorder === undefined ? {} : { recorder: this.#recorder.counters }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(): Promise<void> {
    // Exporters first: whoever cannot write its file should say so before anything is attached.
    for (const pipeline of this.#pipelines) await pipeline.start();
    this.#recorder?.attach(this.#source, this.#redactionKey);
    this.#subscription.open();
    this.#source.paceBy?.(() => this.#delivery.ready());
    this.#isSourceStarted = true;
    await this.#source.start();
  }

  #finish(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // The source may have ended, or a listener may have called stop(), in the middle of an event: let it be finished.
    await Promise.resolve();
    this.#signal?.removeEventListener('abort', this.#abort);
    if (this.#isSourceStarted) await this.#attempt('source-error', () => this.#source.stop());
    this.#subscription.close();
    this.#map.end();
    this.#delivery.end(this.#sourceError);
    await Promise.all(this.#pipelines.map((pipeline) => pipeline.shutdown()));
    await this.#attempt('recorder-error', async () => this.#recorder?.stop());
    this.#resolveEnded();
    await this.#attempt('listener-error', async () => this.emit('end'));
  }

  #sourceFailed(error: Error): void {
    this.#sourceError = error;
    this.#report('source-error', error);
    void this.#finish();
  }

  async #attempt(code: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#report(code, error);
    }
  }

  /** Counts and logs an error and tells the listeners, who may throw as well. */
  #report(code: string, thrown: unknown): void {
    const error = asError(thrown);
    this.#map.counters.add(code);
    this.#logger.error(`${code}: ${error.message}`);
    try {
      this.emit('error', error);
    } catch {
      this.#map.counters.add('listener-error');
    }
  }

  /** The source's, when it has one: a replay that has not started has none or an empty one. */
  get #redactionKey(): Uint8Array {
    const { redactionKey } = this.#source;
    return redactionKey === undefined || redactionKey.length === 0 ? this.#ownRedactionKey : redactionKey;
  }

  /** Made at the first flow: a source that replays a log knows the key of the log from its start on only. */
  #lazyRedactor(options: RedactOptions): (flow: Flow) => Flow {
    // Wrong options are to be refused now.
    createRedactor(options, this.#ownRedactionKey);
    let redact: ((flow: Flow) => Flow) | undefined;
    return (flow) => {
      redact ??= createRedactor(options, this.#redactionKey);
      return redact(flow);
    };
  }
}
