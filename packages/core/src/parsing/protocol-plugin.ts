// SPDX-License-Identifier: Apache-2.0
import type { ConnectionInfo, Direction, GapReason, Layer, Role } from '../events.js';
import type { FlowError, FlowGap } from '../flow/flow.js';
import type { FlowMessage } from '../flow/flow-message.js';
import type { HttpRequest, HttpResponse } from '../http/http-message.js';

/** First bytes of both directions of an undetected stream. */
export interface Probe {
  /** At most `probeBytes` of each direction, from the start of the stream. Borrowed until `detect` returns. */
  readonly ingress: Buffer;
  readonly egress: Buffer;
  /** Bytes may have passed before the first one of the probe. */
  readonly joinedLate: boolean;
  readonly connection: ConnectionInfo;
  readonly layer: Layer;
}

export type Detection = 'match' | 'no-match' | 'need-more';

/** Bytes of one direction, contiguous with what came before unless `gap` was called in between. */
export interface StreamChunk {
  readonly direction: Direction;
  /** Offset of the first byte in its direction. */
  readonly offset: number;
  /** Borrowed until `data` returns: copy what is kept. */
  readonly bytes: Buffer;
  readonly timestampNs: number;
}

/** Bytes of one direction that were transferred and not captured. */
export interface StreamGap {
  readonly direction: Direction;
  readonly offset: number;
  readonly length: number;
  readonly reason: GapReason;
  readonly timestampNs: number;
}

/** `handover`: another parser takes the rest. `limit`: the tap let the connection go. `end`: the capture ended. */
export type CloseReason = 'closed' | 'tls-start' | 'handover' | 'limit' | 'end';

/** An exchange as a parser sees it; the tap adds addresses, process, id and wall-clock time. */
export interface ParsedExchange {
  readonly protocol: string;
  readonly scheme: string;
  /** Direction that the request went: together with the connection it tells role, source and destination. */
  readonly requestDirection: Direction;
  readonly startNs: number;
  readonly endNs: number;
  /** Shape by `protocol`, see `ProtocolMessages`. */
  readonly request?: unknown;
  readonly response?: unknown;
  readonly complete: boolean;
  readonly error?: FlowError;
  readonly gaps?: readonly FlowGap[];
  /** See `ExchangeFlow`. */
  readonly headersIncomplete?: true;
  readonly joined?: 'late';
  readonly messages?: readonly FlowMessage[];
  readonly messageCount?: number;
  readonly messagesLost?: true;
  /** What `ParserContext.open` returned for it. */
  readonly opened?: OpenExchange;
}

/** An exchange that was announced and has not ended. It ends when it is emitted with this as `opened`. */
export interface OpenExchange {
  /** Id of the flow from the announcement to the end. */
  readonly flowId: string;
  /** Announce a message. The message is kept by others: its content must not be borrowed. */
  message(message: FlowMessage): void;
}

/**
 * The rest of the stream belongs to another protocol (RFC 9110 §7.8 Upgrade, §9.3.6 CONNECT). The tap closes this
 * parser and detects afresh from these offsets on, bytes that were already fed included.
 */
export interface Handover {
  /** Offset of the first byte of the new protocol, per direction. */
  readonly ingressOffset: number;
  readonly egressOffset: number;
  /** Bytes of the chunk being fed (and of earlier ones) from those offsets on, in order. */
  readonly leftover: readonly StreamChunk[];
  /** Plugin name or upgrade token when the protocol is known; else detection decides. */
  readonly to?: string;
  /**
   * The exchange that asked for the new protocol and got it. The tap hands it out, unless the flow of the next protocol goes
   * on with it (`ProtocolPlugin.continuesExchange`).
   */
  readonly exchange?: ParsedExchange;
}

/** An HTTP exchange, seen to its end, that ended one protocol and began the next (RFC 9110 §7.8). */
export interface UpgradedExchange extends ParsedExchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

export interface ParserLimits {
  /** @default 65536 */
  readonly maxHeaderBytes: number;
  /** Body bytes kept per message; the true size is always counted. @default 1048576 */
  readonly maxBodyBytes: number;
  /** Requests of a connection that wait for their response. @default 1000 */
  readonly maxPendingExchanges: number;
}

export interface ParserContext {
  readonly connection: ConnectionInfo;
  readonly layer: Layer;
  readonly tls: boolean;
  /** Role when known from the socket; the parser may learn it from who sends requests. */
  readonly role: Role;
  /**
   * Bytes may have passed before the first chunk. It may turn to false: plaintext of a TLS library can come before its
   * socket is known, and with that since when it was observed.
   */
  readonly joinedLate: boolean;
  readonly limits: ParserLimits;
  /** What the stream was handed over for, when the protocol before said so. */
  readonly upgraded?: UpgradedExchange | undefined;
  /** Somebody wants to hear of exchanges before they end. While false, a parser saves itself `open`. */
  readonly wantsUpdates: boolean;
  /**
   * Announce an exchange that has begun: as far as it is known, with `complete` false. Undefined when nobody is to hear
   * of it, or a limit is reached; it is emitted at its end all the same.
   */
  open(exchange: ParsedExchange): OpenExchange | undefined;
  /** Hand out a finished exchange. */
  emit(exchange: ParsedExchange): void;
  handover(handover: Handover): void;
  /** Count something that was not understood; `code` is stable and kebab-case and ends up in the counters. */
  count(code: string, by?: number): void;
}

/**
 * Turns the bytes of one stream into exchanges. Synchronous, without clock, timer or I/O: all time comes with the
 * chunks. Must accept any chunking, keep bounded state and not throw; what it throws costs its own connection.
 */
export interface ProtocolParser {
  data(chunk: StreamChunk): void;
  gap(gap: StreamGap): void;
  /** Called once, last. Hands out what is unfinished. */
  close(reason: CloseReason, timestampNs: number): void;
}

export interface ProtocolPlugin {
  /** Version of this interface. */
  readonly apiVersion: 1;
  /** Name that handovers and counters use, such as `http/1.1`. */
  readonly name: string;
  /** Other names, in lower case, under which an Upgrade asks for it. */
  readonly upgradeTokens?: readonly string[];
  /**
   * The exchange that switched to this protocol is no flow of its own: the parser begins with it (`context.upgraded`) and
   * emits it as part of its own.
   */
  readonly continuesExchange?: true;
  /** Bytes per direction that `detect` needs at most; it must not answer `need-more` when it has them. */
  readonly probeBytes: number;
  /** Pure and total: same answer for the same bytes, never throws. */
  detect(probe: Probe): Detection;
  createParser(context: ParserContext): ProtocolParser;
}
