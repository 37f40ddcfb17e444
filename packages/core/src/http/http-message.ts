// SPDX-License-Identifier: Apache-2.0

import type { GrpcRequestDetails, GrpcResponseDetails } from '../flow/grpc-details.js';
import type { EventStream } from './event-stream.js';
import type { HttpBody } from './http-body.js';

/** Name and value as on the wire (latin1), in wire order, duplicates kept. Messages with equal headers may share one list. */
export type HttpHeader = readonly [name: string, value: string];

/** RFC 9110 §6. Shared by the HTTP/1 and HTTP/2 parsers and by exporters that speak HTTP. */
export interface HttpRequest {
  readonly method: string;
  /** Request target as on the wire, query included (RFC 9112 §3.2). */
  readonly target: string;
  /** Host header, `:authority`, or the authority of an absolute-form target. Absent when the request names none. */
  readonly authority?: string;
  /** `"1.1"`, `"1.0"`, `"2"`. */
  readonly httpVersion: string;
  readonly headers: readonly HttpHeader[];
  /** Absent when there were none. */
  readonly trailers?: readonly HttpHeader[];
  readonly body: HttpBody;
  /** In a flow whose protocol is `grpc`. */
  readonly grpc?: GrpcRequestDetails;
}

export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  readonly httpVersion: string;
  readonly headers: readonly HttpHeader[];
  readonly trailers?: readonly HttpHeader[];
  readonly body: HttpBody;
  /** In a flow whose protocol is `grpc`. */
  readonly grpc?: GrpcResponseDetails;
  /** Of a text/event-stream without content coding. */
  readonly eventStream?: EventStream;
}
