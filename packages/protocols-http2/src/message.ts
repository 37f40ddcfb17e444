// SPDX-License-Identifier: Apache-2.0
import {
  BodyCollector,
  type EventStreamReader,
  type FlowGap,
  HttpBody,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
  withGap,
} from '@flowtap/core';
import type { FaultCode } from './constants.js';
import { GrpcMessageReader, type GrpcMessageSpan } from './grpc-messages.js';
import type { Head } from './head.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What was seen so far of one half of a stream. */
export class Message {
  readonly head: Head;
  readonly startNs: number;
  endNs: number;
  trailers: HttpHeader[] | undefined = undefined;
  gaps: FlowGap[] | undefined = undefined;
  /** The first thing that went wrong. */
  fault: FaultCode | undefined = undefined;
  /** END_STREAM was seen. */
  ended = false;
  /** Frames of it may have been missed. */
  mayMissFrames = false;
  /** Not even the frame that began it was seen. */
  isStartMissing = false;
  /** A header block had fields that could not be known. */
  headersIncomplete: boolean;
  /** Where the messages of a gRPC call lie in the body. */
  grpcMessages: GrpcMessageReader | undefined = undefined;
  /** Reads the body of an event stream. */
  events: EventStreamReader | undefined = undefined;
  /** A body that came before HTTP/2 began. */
  earlierBody: HttpBody | undefined = undefined;
  #body: BodyCollector | undefined = undefined;

  constructor(head: Head, startNs: number, endNs: number) {
    this.head = head;
    this.startNs = startNs;
    this.endNs = endNs;
    this.headersIncomplete = head.isIncomplete;
  }

  /** Seen to its end, with nothing missing that is not accounted for. */
  get complete(): boolean {
    return this.ended && !this.mayMissFrames && this.fault === undefined;
  }

  get hasBody(): boolean {
    return this.#body !== undefined;
  }

  /** `onMessage`: hears of each message of the call. */
  readGrpc(onMessage: (span: GrpcMessageSpan) => void): void {
    this.grpcMessages ??= new GrpcMessageReader(onMessage);
  }

  /** What is kept of a body that is under way. */
  bodySoFar(): Buffer {
    return this.#body?.view() ?? Buffer.alloc(0);
  }

  addData(bytes: Buffer, start: number, end: number, maxBodyBytes: number, timestampNs: number): void {
    this.endNs = timestampNs;
    this.#body ??= new BodyCollector(maxBodyBytes, 0);
    this.#body.append(bytes, start, end);
    this.grpcMessages?.feed(bytes, start, end, timestampNs);
    this.events?.append(bytes, start, end, timestampNs);
  }

  /** A gap whose place in the body is known. */
  addBodyGap(gap: FlowGap, maxBodyBytes: number, timestampNs: number): void {
    this.endNs = timestampNs;
    this.#body ??= new BodyCollector(maxBodyBytes, 0);
    this.#body.skip(gap.bytes);
    this.grpcMessages?.skip(gap.bytes, timestampNs);
    this.events?.skip();
    this.gaps = withGap(this.gaps, gap);
  }

  /** Frames may have been missed from here on, unless it has ended. */
  miss(gap: FlowGap | undefined): void {
    if (this.ended) return;
    this.mayMissFrames = true;
    this.fault ??= 'gap-in-framing';
    this.#body?.cut();
    this.grpcMessages?.lose();
    this.events?.skip();
    if (gap !== undefined) this.gaps = withGap(this.gaps, gap);
  }

  body(): HttpBody {
    const { contentEncoding } = this.head;
    if (this.earlierBody !== undefined) return this.earlierBody;
    if (this.#body === undefined) {
      return this.mayMissFrames || !this.ended ? unknownBody(contentEncoding) : HttpBody.empty;
    }
    return this.#body.finish(contentEncoding, !this.ended || this.mayMissFrames);
  }
}

function unknownBody(contentEncoding: string | undefined): HttpBody {
  return new HttpBody({ size: 0, truncated: true, contentEncoding, bytes: Buffer.alloc(0) });
}

/** A request that is under way: of its body nothing is kept. */
export function toUnfinishedRequest(message: Message): HttpRequest {
  return requestWith(message, unknownBody(message.head.contentEncoding));
}

export function toRequest(message: Message): HttpRequest {
  return requestWith(message, message.body());
}

/** RFC 9113 §8.3.1. A field that is not known is the empty string. */
function requestWith(message: Message, body: HttpBody): HttpRequest {
  const { head } = message;
  const method = head.method ?? '';
  const request: Writable<HttpRequest> = {
    method,
    target: head.path ?? (method === 'CONNECT' ? (head.authority ?? '') : ''),
    httpVersion: '2',
    headers: head.headers,
    body,
  };
  if (head.authority !== undefined) request.authority = head.authority;
  if (message.trailers !== undefined) request.trailers = message.trailers;
  return request;
}

/** RFC 9113 §8.3.2: there is no reason phrase. A status that is not known is 0. */
export function toResponse(message: Message, flowStartNs: number): HttpResponse {
  const response: Writable<HttpResponse> = {
    status: message.head.status,
    reason: '',
    httpVersion: '2',
    headers: message.head.headers,
    body: message.body(),
  };
  if (message.trailers !== undefined) response.trailers = message.trailers;
  if (message.events !== undefined) response.eventStream = message.events.toEventStream(flowStartNs);
  return response;
}
