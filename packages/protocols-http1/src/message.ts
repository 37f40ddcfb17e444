// SPDX-License-Identifier: Apache-2.0
import {
  type EventStreamReader,
  type FlowGap,
  HttpBody,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
  withGap,
} from '@flowtap/core';
import type { FaultCode } from './constants.js';
import type { Exchange } from './exchange.js';
import type { Head } from './head.js';
import type { RequestLine, StatusLine } from './start-line.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What was seen of one message so far. */
export class Message {
  readonly head: Head;
  readonly startNs: number;
  endNs: number;
  body: HttpBody = HttpBody.empty;
  trailers: HttpHeader[] | undefined = undefined;
  gaps: FlowGap[] | undefined = undefined;
  /** Reads the body of an event stream. */
  events: EventStreamReader | undefined = undefined;
  /** The first thing that went wrong. */
  fault: FaultCode | undefined;
  /** Its first byte came before the last `mark` of its reader. */
  beganBeforeMark = false;
  /** Nothing more will be learnt of it … */
  ended = false;
  /** … because its end was seen. */
  complete = false;
  /** The exchange it belongs to; absent for interim responses (RFC 9110 §15.2). */
  exchange: Exchange | undefined = undefined;

  constructor(head: Head, startNs: number, endNs: number) {
    this.head = head;
    this.startNs = startNs;
    this.endNs = endNs;
    this.fault = head.fault;
  }

  end(timestampNs: number, complete: boolean): void {
    this.endNs = timestampNs;
    this.ended = true;
    this.complete = complete;
  }

  addGap(gap: FlowGap): void {
    this.gaps = withGap(this.gaps, gap);
  }
}

export function toRequest(message: Message, line: RequestLine): HttpRequest {
  const { head } = message;
  const request: Writable<HttpRequest> = {
    method: line.method,
    target: line.target,
    httpVersion: line.httpVersion,
    headers: head.headers,
    body: message.body,
  };
  const authority = authorityOf(line, head.host);
  if (authority !== undefined) request.authority = authority;
  if (message.trailers !== undefined) request.trailers = message.trailers;
  return request;
}

/** Of a body that is under way nothing is kept. */
export function toUnfinishedRequest(message: Message, line: RequestLine): HttpRequest {
  const { contentEncoding } = message.head;
  const body = new HttpBody({ size: 0, truncated: true, contentEncoding, bytes: Buffer.alloc(0) });
  return { ...toRequest(message, line), body };
}

export function toResponse(message: Message, line: StatusLine, flowStartNs: number): HttpResponse {
  const response: Writable<HttpResponse> = {
    status: line.status,
    reason: line.reason,
    httpVersion: line.httpVersion,
    headers: message.head.headers,
    body: message.body,
  };
  if (message.trailers !== undefined) response.trailers = message.trailers;
  if (message.events !== undefined) response.eventStream = message.events.toEventStream(flowStartNs);
  return response;
}

/** RFC 9112 §3.2: the authority of an absolute-form target goes before Host; CONNECT has nothing but an authority. */
function authorityOf({ method, target }: RequestLine, host: string | undefined): string | undefined {
  if (method === 'CONNECT') return target;
  if (target.charCodeAt(0) === 0x2f) return host;
  const scheme = target.indexOf('://');
  if (scheme < 1) return host;
  const start = scheme + 3;
  let end = start;
  // RFC 3986 §3.2: the authority ends at the next slash, question mark or number sign.
  while (end < target.length && !'/?#'.includes(target.charAt(end))) end++;
  return target.slice(start, end);
}
