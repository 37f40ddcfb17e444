// SPDX-License-Identifier: Apache-2.0

import type {
  ByteTotals,
  CloseEvent,
  ConnectEvent,
  ConnectionInfo,
  DataEvent,
  Direction,
  GetsocknameEvent,
  Layer,
} from '../events.js';
import type { ExchangeFlow } from '../flow/flow.js';
import type { ClientHello } from '../parsing/client-hello.js';
import { ClientHelloReader } from '../parsing/client-hello-reader.js';
import type { StreamOwner } from '../parsing/parser-session.js';
import type { CloseReason, ParsedExchange } from '../parsing/protocol-plugin.js';
import { Stream } from '../parsing/stream.js';
import type { EngineState } from '../tap/engine-state.js';
import { DataHolders } from './data-holders.js';

/** Events that belong to a connection. */
export type SocketEvent = ConnectEvent | GetsocknameEvent | DataEvent | CloseEvent;

/** Takes the exchanges that a connection's parsers find. */
export interface ExchangeSink {
  exchange(connection: Connection, layer: Layer, exchange: ParsedExchange): void;
  /** What an exchange that has not ended would be as a flow. */
  unended(connection: Connection, layer: Layer, exchange: ParsedExchange): ExchangeFlow;
}

/** An encrypted connection that ended without one byte of plaintext. */
export interface OpaqueConnection {
  readonly startNs: number;
  readonly endNs: number;
  readonly hello: ClientHello | undefined;
  readonly helloDirection: Direction | undefined;
  readonly bytes: ByteTotals;
}

/**
 * One socket: its raw stream, the plaintext stream of its TLS library, and the boundary between the two.
 *
 * The boundary is the first encrypted raw event or the first plaintext event. What was parsed before it stays (a
 * CONNECT, a STARTTLS); ciphertext that was taken for an undetected protocol is thrown away; raw bytes after it are
 * only counted, and searched for the ClientHello.
 */
export class Connection implements StreamOwner {
  info: ConnectionInfo;
  readonly holders = new DataHolders();
  readonly #state: EngineState;
  readonly #sink: ExchangeSink;
  readonly #rejoined: boolean;
  readonly #raw: Stream;
  #tls: Stream | undefined;
  #tlsStartNs: number | undefined;
  #rawTotals: ByteTotals = { ingress: 0, egress: 0 };
  #hello: ClientHelloReader | undefined;
  #isUnknown = false;
  #isReadElsewhere = false;
  /** Its plaintext counts as joined late for no other reason than that the connection does. */
  #isTlsLateByInfo = false;

  // Links of the idle list and what the socket map looks at for every event.
  older: Connection | undefined;
  newer: Connection | undefined;
  lastEventNs = 0;
  aliasPid = -1;
  aliasFd = -1;

  /** `rejoined`: the tap let this connection go before. */
  constructor(info: ConnectionInfo, state: EngineState, sink: ExchangeSink, rejoined: boolean) {
    this.info = info;
    this.#state = state;
    this.#sink = sink;
    this.#rejoined = rejoined;
    this.#raw = new Stream(state, this, 'raw', info.joinedLate, rejoined);
  }

  /** Takes over what a later event knows better; never forgets what was known. */
  learn(info: ConnectionInfo): void {
    const known = this.info;
    const complete =
      (info.role !== 'unknown' || known.role === 'unknown') &&
      (info.local !== undefined || known.local === undefined) &&
      (info.remote !== undefined || known.remote === undefined) &&
      (info.fdSource !== undefined || known.fdSource === undefined);
    this.info = complete ? info : { ...known, ...info, role: info.role === 'unknown' ? known.role : info.role };
    if (this.#isTlsLateByInfo && !info.joinedLate) {
      this.#isTlsLateByInfo = false;
      this.#tls?.seenFromStart();
    }
  }

  /** Takes totals that the data events did not tell. */
  count(raw: ByteTotals): void {
    this.#rawTotals = raw;
  }

  data(event: DataEvent): void {
    this.holders.note(event);
    if (event.layer === 'tls') {
      this.#tls ??= this.#openTls(event.timestampNs, event.joinedLate);
      this.#tls.receive(event);
    } else if (event.encrypted) {
      this.#startTls(event.timestampNs);
      this.#raw.skip(event);
      this.#hello?.add(event);
    } else if (this.#tlsStartNs === undefined) {
      this.#raw.receive(event);
    } else {
      this.#raw.skip(event);
    }
  }

  /** Whether this one has got plaintext and nothing of its socket. */
  get isPlaintextOnly(): boolean {
    return this.#tls !== undefined && this.#raw.transferred('ingress') + this.#raw.transferred('egress') === 0;
  }

  /** Its plaintext has an id of its own, because it came before its socket was known: so this one is not unreadable. */
  readElsewhere(): void {
    this.#isReadElsewhere = true;
  }

  /** Answers what to report when the connection stayed unreadable. `event` is absent when the source sent no close. */
  close(reason: CloseReason, timestampNs: number, event?: CloseEvent): OpaqueConnection | undefined {
    if (event !== undefined) this.#finish(event);
    this.#raw.close(reason, timestampNs);
    this.#tls?.close(reason, timestampNs);
    return this.#opaque(timestampNs, event);
  }

  exchange(layer: Layer, exchange: ParsedExchange): void {
    this.#sink.exchange(this, layer, exchange);
  }

  unended(layer: Layer, exchange: ParsedExchange): ExchangeFlow {
    return this.#sink.unended(this, layer, exchange);
  }

  recognized(): void {
    if (!this.#isUnknown) return;
    this.#isUnknown = false;
    this.#state.totals.unknownConnections -= 1;
  }

  unrecognized(): void {
    if (this.#isUnknown) return;
    this.#isUnknown = true;
    this.#state.totals.unknownConnections += 1;
  }

  #startTls(timestampNs: number): void {
    if (this.#tlsStartNs !== undefined) return;
    this.#tlsStartNs = timestampNs;
    this.#raw.close('tls-start', timestampNs);
    // Ciphertext is no unknown protocol; should nobody know the plaintext, its stream says so.
    this.recognized();
    if (this.#tls === undefined) this.#hello = new ClientHelloReader();
  }

  #openTls(timestampNs: number, isLate = false): Stream {
    // A connection that was joined late and began TLS only later (STARTTLS, CONNECT) has its plaintext from the start.
    const joinedLate = isLate || (this.info.joinedLate && this.#hello?.hello === undefined);
    this.#isTlsLateByInfo = joinedLate && !isLate && !this.#rejoined;
    this.#startTls(timestampNs);
    this.#hello = undefined;
    return new Stream(this.#state, this, 'tls', joinedLate, this.#rejoined);
  }

  #finish(event: CloseEvent): void {
    const { tls, raw, timestampNs } = event;
    // Plaintext passed but no event of it arrived: then it is all lost, and the raw bytes are no loss.
    if (this.#tls === undefined && tls.ingress + tls.egress > 0) this.#tls = this.#openTls(timestampNs);
    this.#tls?.finish(tls, timestampNs);
    if (this.#tlsStartNs === undefined) this.#raw.finish(raw, timestampNs);
  }

  #opaque(endNs: number, event: CloseEvent | undefined): OpaqueConnection | undefined {
    const isReadElsewhere = this.#isReadElsewhere || event?.plaintextConnectionId !== undefined;
    if (this.#tlsStartNs === undefined || this.#tls !== undefined || isReadElsewhere) return undefined;
    const totals = event?.raw ?? this.#rawTotals;
    return {
      startNs: this.#tlsStartNs,
      endNs,
      hello: this.#hello?.hello,
      helloDirection: this.#hello?.direction,
      bytes: {
        ingress: Math.max(totals.ingress, this.#raw.transferred('ingress')),
        egress: Math.max(totals.egress, this.#raw.transferred('egress')),
      },
    };
  }
}
