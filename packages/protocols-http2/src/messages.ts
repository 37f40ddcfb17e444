// SPDX-License-Identifier: Apache-2.0
import { EventStreamReader, type FlowGap, isEventStream, type UpgradedExchange } from '@flowtap/core';
import { type FaultCode, flowError, resetError } from './constants.js';
import type { Exchange } from './exchange.js';
import type { FrameHeader } from './frame/frame-header.js';
import { isGrpc } from './grpc.js';
import type { GrpcMessageSpan } from './grpc-messages.js';
import { type Head, readHead, unknownHead } from './head.js';
import type { BlockInfo } from './header-block.js';
import { Message, type Times } from './message.js';
import { StreamTable, type StreamTableOptions } from './stream-table.js';

/** Who sent a frame; undefined while the bytes have not told. */
export type Sender = 'client' | 'server' | undefined;

export interface MessagesOptions extends StreamTableOptions {
  readonly maxBodyBytes: number;
  /** Tell of an exchange that has begun; called again for the same one. */
  readonly announce: (exchange: Exchange) => void;
  /** Tell of a message of a gRPC call that is under way. */
  readonly progress: (exchange: Exchange, message: Message, span: GrpcMessageSpan) => void;
}

/** What header blocks, DATA and RST_STREAM mean for the requests and responses of their streams (RFC 9113 §8.1). */
export class Messages {
  readonly #maxBodyBytes: number;
  readonly #streams: StreamTable;
  readonly #count: (code: string) => void;
  readonly #announce: (exchange: Exchange) => void;
  readonly #progress: MessagesOptions['progress'];

  constructor(options: MessagesOptions) {
    this.#maxBodyBytes = options.maxBodyBytes;
    this.#count = options.count;
    this.#announce = options.announce;
    this.#progress = options.progress;
    this.#streams = new StreamTable(options);
  }

  beginFresh(): void {
    this.#streams.beginFresh();
  }

  /** A header block: a head, an interim head, or trailers. */
  head(info: BlockInfo, sender: Sender, head: Head, fault: FaultCode | undefined): void {
    const { streamId, endsStream } = info;
    if (sender === undefined) {
      this.#count('stream-not-captured');
      return;
    }
    const isRequest = sender === 'client';
    // With END_STREAM and not one field that could be known, it is as likely the trailers of a message that was missed.
    const mayBegin = head.kind !== 'trailers' && (head.kind !== 'unknown' || !endsStream || fault !== undefined);
    const exchange = isRequest ? this.#streams.forRequest(streamId, mayBegin) : this.#streams.forResponse(streamId);
    // The stream is closed: what its sender had on the way concerns nobody any more (RFC 9113 §5.1).
    if (exchange === undefined) return;
    let message = isRequest ? exchange.request : exchange.response;
    if (message !== undefined && !this.#replaces(message, head)) {
      addTrailers(message, head, fault);
    } else if (mayBegin) {
      // RFC 9113 §8.1: interim responses come before the final one and do not end the stream.
      if (!isRequest && head.status >= 100 && head.status < 200 && !endsStream) return;
      message = new Message(head, info);
      message.fault = fault;
      if (isRequest) exchange.request = message;
      else exchange.response = message;
      if (!isRequest) this.#readEvents(exchange, message);
      if (isGrpc(exchange.request, exchange.response)) this.#readGrpc(exchange, message);
    } else {
      message = this.#begin(exchange, isRequest, info);
      addTrailers(message, head, fault);
    }
    message.endNs = info.endNs;
    message.ended ||= endsStream;
    // Not every request has an end before its response begins: a call that streams has none.
    if (message.ended || !isRequest || message.grpcMessages !== undefined) this.#announce(exchange);
    if (endsStream) this.#streams.settle(exchange);
  }

  /** RFC 9113 §8.4: a request that the server makes up. */
  promise(promisedId: number, times: Times, head: Head, fault: FaultCode | undefined): void {
    const exchange = this.#streams.forPush(promisedId);
    if (exchange === undefined || exchange.request !== undefined) return;
    exchange.request = new Message(head, times);
    exchange.request.fault = fault;
    exchange.request.ended = true;
    this.#announce(exchange);
    this.#streams.settle(exchange);
  }

  /** RFC 7540 §3.2: the request that asked for h2c in HTTP/1.1 is stream 1, and has ended. */
  upgraded(upgraded: UpgradedExchange): void {
    const exchange = this.#streams.forRequest(1, true);
    if (exchange === undefined) return;
    const { headers, method, target, authority, body } = upgraded.request;
    const head = readHead(headers);
    head.method = method;
    head.path = target;
    head.authority = authority;
    exchange.request = new Message(head, upgraded);
    exchange.request.ended = true;
    exchange.request.wholeBody = body;
    this.#announce(exchange);
  }

  data(frame: FrameHeader, sender: Sender, bytes: Buffer, start: number, end: number): void {
    this.#messageFor(frame, sender)?.addData(bytes, start, end, this.#maxBodyBytes, frame);
  }

  dataGap(frame: FrameHeader, sender: Sender, gap: FlowGap): void {
    this.#messageFor(frame, sender)?.addBodyGap(gap, this.#maxBodyBytes, frame);
  }

  /** END_STREAM on DATA. */
  end(frame: FrameHeader, sender: Sender): void {
    const message = this.#messageFor(frame, sender);
    const exchange = this.#streams.get(frame.streamId);
    if (message === undefined || exchange === undefined) return;
    message.ended = true;
    message.endNs = frame.endNs;
    this.#announce(exchange);
    this.#streams.settle(exchange);
  }

  /** RFC 9113 §6.4 */
  reset(streamId: number, sender: Sender, errorCode: number | undefined): void {
    const exchange = this.#streams.get(streamId);
    if (exchange === undefined) return;
    exchange.error = resetError(sender ?? 'client', errorCode);
    this.#streams.release(exchange);
  }

  refuse(lastStreamId: number): void {
    this.#streams.refuse(lastStreamId, (exchange) => {
      exchange.error = flowError('stream-refused');
    });
  }

  loseRequests(gap: FlowGap | undefined): void {
    this.#streams.loseRequests(gap);
  }

  loseResponses(gap: FlowGap | undefined): void {
    this.#streams.loseResponses(gap);
  }

  close(cut: FaultCode, noResponse: FaultCode): void {
    this.#streams.close(cut, noResponse);
  }

  #readGrpc(exchange: Exchange, message: Message): void {
    message.readGrpc((span) => this.#progress(exchange, message, span));
  }

  #readEvents(exchange: Exchange, response: Message): void {
    const { contentType, contentEncoding } = response.head;
    if (contentEncoding !== undefined || !isEventStream(contentType)) return;
    response.events = new EventStreamReader({
      startNs: exchange.startNs,
      maxBytes: this.#maxBodyBytes,
      onEvent: (event) => exchange.opened?.message(event),
    });
  }

  /** A head of which nothing was known may have been an interim one: then the final one follows. */
  #replaces(message: Message, head: Head): boolean {
    return head.kind === 'response' && message.head.status === 0 && !message.hasBody && !message.isStartMissing;
  }

  #messageFor(frame: FrameHeader, sender: Sender): Message | undefined {
    if (sender === undefined) {
      this.#count('stream-not-captured');
      return undefined;
    }
    const isRequest = sender === 'client';
    const { streamId } = frame;
    const exchange = isRequest ? this.#streams.forRequest(streamId, false) : this.#streams.forResponse(streamId);
    if (exchange === undefined) return undefined;
    return (isRequest ? exchange.request : exchange.response) ?? this.#begin(exchange, isRequest, frame);
  }

  /** A message whose head was missed. */
  #begin(exchange: Exchange, isRequest: boolean, times: Times): Message {
    const message = new Message(unknownHead(), times);
    message.isStartMissing = true;
    message.fault = 'gap-in-head';
    if (isRequest) exchange.request = message;
    else exchange.response = message;
    return message;
  }
}

function addTrailers(message: Message, head: Head, fault: FaultCode | undefined): void {
  if (message.trailers !== undefined) {
    // RFC 9113 §8.1: trailers end the stream, so there cannot be a second block of them.
    message.fault ??= 'malformed-frame';
    return;
  }
  // A block that could not be read has no fields.
  if (head.headers.length > 0) message.trailers = head.headers;
  if (head.isIncomplete) message.headersIncomplete = true;
  message.fault ??= fault;
}
