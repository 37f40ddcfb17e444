// SPDX-License-Identifier: Apache-2.0

import type { ConnectionInfo, Layer } from '../events.js';
import type { ExchangeFlow } from '../flow/flow.js';
import { GuardError } from '../guard/guard-batch.js';
import { GuardedParser, type GuardedParserOwner, type ParserCall } from '../guard/guarded-parser.js';
import { WatchedPlugin } from '../guard/watched-plugin.js';
import type { EngineState } from '../tap/engine-state.js';
import { OpenExchanges } from './open-exchanges.js';
import type {
  CloseReason,
  Handover,
  OpenExchange,
  ParsedExchange,
  ParserContext,
  ProtocolParser,
  ProtocolPlugin,
  StreamChunk,
  StreamGap,
  UpgradedExchange,
} from './protocol-plugin.js';
import { SessionContext, type SessionSurroundings } from './session-context.js';

/** The connection that a stream belongs to, as the stream sees it. */
export interface StreamOwner {
  readonly info: ConnectionInfo;
  exchange(layer: Layer, exchange: ParsedExchange): void;
  /** What an exchange that has not ended would be as a flow. */
  unended(layer: Layer, exchange: ParsedExchange): ExchangeFlow;
  /** A protocol claimed a stream of the connection … */
  recognized(): void;
  /** … or none did. */
  unrecognized(): void;
}

/** Hears what comes of a guarded parser, later than the bytes that led to it. */
export interface SessionListener {
  /** The session must be dropped. */
  failed(session: ParserSession): void;
  /** `unread`: what the parser did not read any more, in order. */
  handedOver(session: ParserSession, unread: readonly ParserCall[], timestampNs: number): void;
}

/**
 * One parser at work. Nothing that it throws gets out: the calls answer false instead, after which the session must
 * be dropped. A handover is only noted while the parser runs and taken afterwards, so that no parser is closed from
 * inside its own `data`.
 *
 * The parser of a guarded plugin works later: the calls answer true, and the listener hears of the rest.
 */
export class ParserSession implements SessionSurroundings {
  readonly #plugin: ProtocolPlugin;
  readonly #state: EngineState;
  readonly #owner: StreamOwner;
  readonly #layer: Layer;
  readonly #listener: SessionListener;
  readonly #parser: ProtocolParser | undefined;
  #open: OpenExchanges | undefined;
  #handover: Handover | undefined;
  #closed = false;
  #joinedLate: boolean;

  constructor(
    plugin: ProtocolPlugin,
    state: EngineState,
    owner: StreamOwner,
    layer: Layer,
    listener: SessionListener,
    joinedLate: boolean,
    upgraded?: UpgradedExchange,
  ) {
    this.#plugin = plugin;
    this.#state = state;
    this.#owner = owner;
    this.#layer = layer;
    this.#joinedLate = joinedLate;
    this.#listener = listener;
    this.#parser = this.#create(this.#context(upgraded));
  }

  /** The stream was not joined late after all. */
  seenFromStart(): void {
    this.#joinedLate = false;
  }

  data(chunk: StreamChunk): boolean {
    try {
      this.#parser?.data(chunk);
      return this.#parser !== undefined;
    } catch (error) {
      return this.#failed(error);
    }
  }

  gap(gap: StreamGap): boolean {
    try {
      this.#parser?.gap(gap);
      return this.#parser !== undefined;
    } catch (error) {
      return this.#failed(error);
    }
  }

  close(reason: CloseReason, timestampNs: number): void {
    try {
      this.#parser?.close(reason, timestampNs);
    } catch (error) {
      this.#failed(error);
    }
    if (!(this.#parser instanceof GuardedParser)) this.#end();
  }

  /** Address and role may be learnt after the parser was made. */
  get connection(): ConnectionInfo {
    return this.#owner.info;
  }

  get joinedLate(): boolean {
    return this.#joinedLate;
  }

  get wantsUpdates(): boolean {
    return this.#state.updates.isWanted;
  }

  get handover(): Handover | undefined {
    return this.#handover;
  }

  #create(context: ParserContext): ProtocolParser | undefined {
    try {
      if (this.#plugin instanceof WatchedPlugin) return this.#plugin.createGuarded(context, this.#guardedOwner());
      return this.#plugin.createParser(context);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): false {
    const code = error instanceof GuardError ? error.code : 'parser-error';
    this.#state.counters.add(`${code}:${this.#plugin.name}`);
    this.#state.parserErrorLog.note(1, `${this.#plugin.name}: ${String(error)}`);
    this.#end();
    return false;
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#open === undefined) return;
    for (const exchange of this.#open.rest()) {
      this.#state.counters.add(`not-ended:${this.#plugin.name}`);
      this.#owner.exchange(this.#layer, exchange);
    }
  }

  #guardedOwner(): GuardedParserOwner {
    return {
      failed: (error) => {
        this.#failed(error);
        this.#listener.failed(this);
      },
      closed: () => this.#end(),
      handedOver: (unread, timestampNs) => this.#listener.handedOver(this, unread, timestampNs),
    };
  }

  #announce(exchange: ParsedExchange): OpenExchange | undefined {
    const { updates, limits, counters } = this.#state;
    if (this.#closed || !updates.isWanted) return undefined;
    this.#open ??= new OpenExchanges(updates, limits.maxPendingExchanges);
    if (this.#open.isFull) {
      counters.add(`not-announced:${this.#plugin.name}`);
      return undefined;
    }
    return this.#open.open(exchange, this.#owner.unended(this.#layer, exchange));
  }

  #emit(exchange: ParsedExchange): void {
    if (this.#closed) {
      this.#state.counters.add(`emit-after-close:${this.#plugin.name}`);
      return;
    }
    if (exchange.opened !== undefined) this.#open?.end(exchange.opened);
    this.#owner.exchange(this.#layer, exchange);
  }

  #noteHandover(handover: Handover): void {
    if (this.#handover !== undefined) return;
    this.#handover = handover;
    const opened = handover.exchange?.opened;
    if (opened !== undefined) this.#open?.end(opened);
  }

  #context(upgraded: UpgradedExchange | undefined): ParserContext {
    const { counters, limits } = this.#state;
    const { name } = this.#plugin;
    return new SessionContext(this, {
      layer: this.#layer,
      limits,
      upgraded,
      open: (exchange) => this.#announce(exchange),
      emit: (exchange) => this.#emit(exchange),
      handover: (handover) => this.#noteHandover(handover),
      count: (code, by) => counters.add(`${name}:${code}`, by),
    });
  }
}
