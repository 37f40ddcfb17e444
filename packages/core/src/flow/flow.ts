// SPDX-License-Identifier: Apache-2.0
import type { Direction, Endpoint, FdSource, GapReason, Role } from '../events.js';
import type { HttpRequest, HttpResponse } from '../http/http-message.js';
import type { FlowMessage } from './flow-message.js';

/** Bytes that were transferred but not captured. */
export interface FlowGap {
  readonly direction: Direction;
  readonly offset: number;
  readonly bytes: number;
  readonly reason: GapReason;
}

export interface FlowError {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
}

export interface FlowProcess {
  readonly pid: number;
  readonly comm: string;
  /** Absent where it could not be read. */
  readonly exe?: string;
  /** Whole id of the container that it runs in, where it does. */
  readonly containerId?: string;
}

/** The container that a process runs in, as its engine describes it. */
export interface FlowContainer {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What something outside of the capture, such as a container engine, knows of a flow. */
export interface FlowDescription {
  readonly container?: FlowContainer;
  /** Names of the containers that the addresses belong to. */
  readonly sourceContainer?: string;
  readonly destinationContainer?: string;
}

/**
 * Messages of each protocol, by the name that `Flow.protocol` carries. A protocol package adds its own by declaration
 * merging, so that `flow.protocol === 'x'` narrows `request` and `response`:
 *
 * ```ts
 * declare module '@flowtap/core' {
 *   interface ProtocolMessages { memcached: { request: Command; response: Reply } }
 * }
 * ```
 */
export interface ProtocolMessages {
  'http/1.1': { request: HttpRequest; response: HttpResponse };
}

export type ProtocolName = keyof ProtocolMessages;

interface FlowEnvelope {
  readonly schema: 1;
  /** Unique among all flows of all runs (UUID). */
  readonly id: string;
  readonly tls: boolean;
  readonly role: Role;
  /** Wall-clock time of the first byte, milliseconds since the Unix epoch, with microseconds as fraction. */
  readonly startTimeMs: number;
  /** From the first to the last byte, by the monotonic clock. */
  readonly durationMs: number;
  /** Who sent the request. Absent where that could not be known. */
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
  readonly process: FlowProcess;
  /** Of the process. Present where `TapOptions.describe` knows it, as are the two names. */
  readonly container?: FlowContainer;
  /** Name of the container that the address of `source` belongs to. */
  readonly sourceContainer?: string;
  readonly destinationContainer?: string;
  /** Id of the connection while the source runs: flows with the same value shared one. */
  readonly connectionId: number;
  /** What told the socket, and so the addresses. Present where a TLS library's plaintext was read. */
  readonly fdSource?: FdSource;
  /** Absent when nothing was missed. */
  readonly gaps?: readonly FlowGap[];
  readonly error?: FlowError;
}

type ExchangeFlowOf<P extends ProtocolName> = FlowEnvelope & {
  readonly kind: 'flow';
  readonly protocol: P;
  readonly scheme: string;
  /** Absent when its start was not seen; then `error` says why. */
  readonly request?: ProtocolMessages[P]['request'];
  /** Absent when there was none; then `error` says why. */
  readonly response?: ProtocolMessages[P]['response'];
  /** Both messages were seen to their end with known framing; bodies may still be truncated or have sized gaps. */
  readonly complete: boolean;
  /** Header fields are missing, or have the name `(unknown)`: only bytes that were not captured could tell them. */
  readonly headersIncomplete?: true;
  /** The connection began before the capture, and its protocol has state from then on (HTTP/2 header compression). */
  readonly joined?: 'late';
  /**
   * Of a protocol whose exchange is a conversation (WebSocket, a subscription): in the order of their ends. Of many messages the first
   * ones are listed, of much content the first bytes are kept.
   */
  readonly messages?: readonly FlowMessage[];
  /** Messages that passed, listed or not. */
  readonly messageCount?: number;
  /** Bytes were missed that may have held further messages. */
  readonly messagesLost?: true;
};

/** One request and its response. */
export type ExchangeFlow = { [P in ProtocolName]: ExchangeFlowOf<P> }[ProtocolName];

/** An encrypted connection whose plaintext could not be read. */
export interface OpaqueFlow extends FlowEnvelope {
  readonly kind: 'opaque';
  readonly protocol: 'tls';
  /** The observed process's end, in place of source and destination: `role` is unknown, nobody saw which end began. */
  readonly local?: Endpoint;
  readonly remote?: Endpoint;
  /** Server name of the ClientHello (RFC 6066 §3). */
  readonly sni?: string;
  /** Protocols that the ClientHello offered (RFC 7301). */
  readonly alpn?: readonly string[];
  /** Raw bytes of the connection, handshake included. */
  readonly bytes: { readonly ingress: number; readonly egress: number };
  readonly reason: FlowError;
}

export type Flow = ExchangeFlow | OpaqueFlow;
