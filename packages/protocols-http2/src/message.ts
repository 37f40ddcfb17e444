// SPDX-License-Identifier: Apache-2.0
import {
  BodyCollector,
  bodyInOneChunk,
  type EventStreamReader,
  type FlowGap,
  HttpBody,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
  withGap,
} from '@flowtap/core';
import type { FaultCode } from './constants.js';
import type { FrameHeader } from './frame/frame-header.js';
import { GrpcMessageReader, type GrpcMessageSpan } from './grpc-messages.js';
import type { Head } from './head.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** When the first and the last of some bytes were seen. One object, since the engine makes one of each time that is passed on. */
export interface Times {
  readonly startNs: number;
  readonly endNs: number;
}

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
  /** The body, if it came all at once: in one frame, or before HTTP/2 began. */
  wholeBody: HttpBody | undefined = undefined;
  #body: BodyCollector | undefined = undefined;

  constructor(head: Head, times: Times) {
    this.head = head;
    this.startNs = times.startNs;
    this.endNs = times.endNs;
    this.headersIncomplete = head.isIncomplete;
  }

  /** Seen to its end, with nothing missing that is not accounted for. */
  get complete(): boolean {
    return this.ended && !this.mayMissFrames && this.fault === undefined;
  }

  get hasBody(): boolean {
    return this.#body !== undefined || this.wholeBody !== undefined;
  }

  /** `onMessage`: hears of each message of the call. */
  readGrpc(onMessage: (span: GrpcMessageSpan) => void): void {
    this.grpcMessages ??= new GrpcMessageReader(onMessage);
  }

  /** What is kept of a body that is under way. */
  bodySoFar(): Buffer {
    return this.#body?.view() ?? Buffer.alloc(0);
  }

  addData(bytes: Buffer, start: number, end: number, maxBodyBytes: number, frame: FrameHeader): void {
    const { endNs } = frame;
    this.endNs = endNs;
    if (frame.endsStream && end - start === frame.length && this.#startsHere) {
      this.wholeBody = bodyInOneChunk(bytes, start, end, maxBodyBytes, this.head.contentEncoding);
      return;
    }
    this.#body ??= new BodyCollector(maxBodyBytes, 0);
    this.#body.append(bytes, start, end);
    this.grpcMessages?.feed(bytes, start, end, endNs);
    this.events?.append(bytes, start, end, endNs);
  }

  /** Nothing of the body has come or was missed, and nobody reads it as it comes. */
  get #startsHere(): boolean {
    if (this.#body !== undefined || this.mayMissFrames) return false;
    return this.grpcMessages === undefined && this.events === undefined;
  }

  /** A gap whose place in the body is known. */
  addBodyGap(gap: FlowGap, maxBodyBytes: number, { endNs }: Times): void {
    this.endNs = endNs;
    this.#body ??= new BodyCollector(maxBodyBytes, 0);
    this.#body.skip(gap.bytes);
    this.grpcMessages?.skip(gap.bytes, endNs);
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
    if (this.wholeBody !== undefined) return this.wholeBody;
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
  const { authority, headers, method = '', path } = message.head;
  const target = path ?? (method === 'CONNECT' ? (authority ?? '') : '');
  const request: Writable<HttpRequest> =
    authority === undefined
      ? { method, target, httpVersion: '2', headers, body }
      : { method, target, authority, httpVersion: '2', headers, body };
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
