// SPDX-License-Identifier: Apache-2.0
import type { EngineState } from './engine-state.js';
import type { ConnectionInfo, Layer } from './events.js';
import type {
  CloseReason,
  Handover,
  ParsedExchange,
  ParserContext,
  ProtocolParser,
  ProtocolPlugin,
  StreamChunk,
  StreamGap,
  UpgradedRequest,
} from './protocol-plugin.js';

/** The connection that a stream belongs to, as the stream sees it. */
export interface StreamOwner {
  readonly info: ConnectionInfo;
  exchange(layer: Layer, exchange: ParsedExchange): void;
  /** A protocol claimed a stream of the connection … */
  recognized(): void;
  /** … or none did. */
  unrecognized(): void;
}

/**
 * One parser at work. Nothing that it throws gets out: the calls answer false instead, after which the session must
 * be dropped. A handover is only noted while the parser runs and taken afterwards, so that no parser is closed from
 * inside its own `data`.
 */
export class ParserSession {
  readonly #plugin: ProtocolPlugin;
  readonly #state: EngineState;
  readonly #parser: ProtocolParser | undefined;
  #handover: Handover | undefined;
  #closed = false;

  constructor(
    plugin: ProtocolPlugin,
    state: EngineState,
    owner: StreamOwner,
    layer: Layer,
    joinedLate: boolean,
    upgraded?: UpgradedRequest,
  ) {
    this.#plugin = plugin;
    this.#state = state;
    this.#parser = this.#create(this.#context(owner, layer, joinedLate, upgraded));
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
    this.#closed = true;
  }

  get handover(): Handover | undefined {
    return this.#handover;
  }

  #create(context: ParserContext): ProtocolParser | undefined {
    try {
      return this.#plugin.createParser(context);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): false {
    this.#closed = true;
    this.#state.counters.add(`parser-error:${this.#plugin.name}`);
    this.#state.parserErrorLog.note(1, `${this.#plugin.name}: ${String(error)}`);
    return false;
  }

  #context(
    owner: StreamOwner,
    layer: Layer,
    joinedLate: boolean,
    upgraded: UpgradedRequest | undefined,
  ): ParserContext {
    const { counters, limits } = this.#state;
    const { name } = this.#plugin;
    return {
      // Getters, because address and role may be learnt after the parser was made.
      get connection() {
        return owner.info;
      },
      get role() {
        return owner.info.role;
      },
      layer,
      tls: layer === 'tls',
      joinedLate,
      limits,
      upgraded,
      emit: (exchange) => {
        if (this.#closed) counters.add(`emit-after-close:${name}`);
        else owner.exchange(layer, exchange);
      },
      handover: (handover) => {
        this.#handover ??= handover;
      },
      count: (code, by) => counters.add(`${name}:${code}`, by),
    };
  }
}
