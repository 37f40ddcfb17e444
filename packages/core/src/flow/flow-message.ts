// SPDX-License-Identifier: Apache-2.0

import type { HttpBody } from '../http/http-body.js';
import type { GrpcMessage } from './grpc-details.js';

interface MessageOfFlow {
  readonly sender: 'client' | 'server';
  /** Milliseconds from the start of the flow to the message's last byte. */
  readonly offsetMs: number;
}

/** A message or a control frame of a WebSocket (RFC 6455 §5). */
export interface WebSocketMessage extends MessageOfFlow {
  readonly type: 'text' | 'binary' | 'ping' | 'pong' | 'close';
  /**
   * What was sent, unmasked, without fragments and compression; of a `close` the reason. A message whose compression
   * could not be removed has it as `contentEncoding`.
   */
  readonly content: HttpBody;
  /** It was compressed (RFC 7692). */
  readonly compressed?: true;
  /** Of a `close` that has one (RFC 6455 §7.4). */
  readonly closeCode?: number;
}

/** An event of a text/event-stream (WHATWG HTML, Server-sent events). */
export interface ServerSentEvent extends MessageOfFlow {
  readonly type: 'event';
  /** Name of the event; `message` when it has none. */
  readonly event: string;
  /** What the client would send as Last-Event-ID now. Absent while there is none. */
  readonly id?: string;
  /** Its data, lines joined by line feeds. */
  readonly content: HttpBody;
}

/** A message of a gRPC call while the call is under way. */
export interface GrpcCallMessage extends GrpcMessage, MessageOfFlow {
  readonly type: 'grpc';
}

/** What a server sends of its own accord, such as a message of a channel that the client subscribed to. */
export interface PushedMessage extends MessageOfFlow {
  readonly type: 'pushed';
  /** What its protocol calls it, such as `message`. */
  readonly event: string;
  /** Channel or subject. */
  readonly topic?: string;
  /** The subscription that it matched, where that is a pattern. */
  readonly pattern?: string;
  readonly content: HttpBody;
}

/** One of the many messages that a flow can have; `type` tells which kind. */
export type FlowMessage = WebSocketMessage | ServerSentEvent | GrpcCallMessage | PushedMessage;
