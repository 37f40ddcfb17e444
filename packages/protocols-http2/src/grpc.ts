// SPDX-License-Identifier: Apache-2.0
import {
  type GrpcMessage,
  type GrpcRequestDetails,
  type GrpcResponseDetails,
  HttpBody,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
} from '@flowtap/core';
import { GrpcMessageReader, type GrpcMessageSpan } from './grpc-messages.js';
import { decodeGrpcMessage, GRPC_STATUS_NAMES } from './grpc-status.js';
import type { Message } from './message.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** `application/grpc`, also with a subtype (`+proto`) or parameters; not grpc-web, whose body is another. */
export function isGrpcContentType(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:[+;]|$)/i.test(contentType);
}

export function isGrpc(request: Message | undefined, response: Message | undefined): boolean {
  return isGrpcContentType(request?.head.contentType) || isGrpcContentType(response?.head.contentType);
}

/** The path is `/service/method`. */
export function grpcRequest(request: HttpRequest, message: Message, flowStartNs: number): HttpRequest {
  const slash = request.target.lastIndexOf('/');
  const hasPath = request.target.startsWith('/') && slash > 0;
  const grpc: Writable<GrpcRequestDetails> = { ...messagesOf(request.body, message, flowStartNs) };
  if (hasPath) {
    grpc.service = request.target.slice(1, slash);
    grpc.method = request.target.slice(slash + 1);
  }
  return { ...request, grpc };
}

/** Status and message come in the trailers, or in the head of a response that has nothing else (Trailers-Only). */
export function grpcResponse(response: HttpResponse, message: Message, flowStartNs: number): HttpResponse {
  const grpc: Writable<GrpcResponseDetails> = { ...messagesOf(response.body, message, flowStartNs) };
  const fields = response.trailers ?? (message.hasBody ? [] : response.headers);
  const status = fieldOf(fields, 'grpc-status');
  if (status !== undefined && /^\d{1,10}$/.test(status)) {
    grpc.status = Number(status);
    const name = GRPC_STATUS_NAMES[grpc.status];
    if (name !== undefined) grpc.statusName = name;
  }
  const text = fieldOf(fields, 'grpc-message');
  if (text !== undefined) grpc.message = decodeGrpcMessage(text);
  return { ...response, grpc };
}

function messagesOf(body: HttpBody, message: Message, flowStartNs: number): GrpcRequestDetails {
  let reader = message.grpcMessages;
  if (reader === undefined) {
    // That it is gRPC was learnt from the other half, later.
    reader = new GrpcMessageReader();
    reader.feed(body.bytes, 0, body.bytes.length, message.endNs);
  }
  reader.close();
  const encoding = message.head.grpcEncoding;
  const details: Writable<GrpcRequestDetails> = {
    messages: reader.spans.map((span) => toMessage(span, body, encoding, flowStartNs)),
    messageCount: reader.count,
  };
  if (encoding !== undefined) details.encoding = encoding;
  if (reader.isLost) details.messagesLost = true;
  return details;
}

function toMessage(
  span: GrpcMessageSpan,
  body: HttpBody,
  encoding: string | undefined,
  flowStartNs: number,
): GrpcMessage {
  const { start, length, isCompressed, endNs, isWhole } = span;
  const bytes = body.bytes.subarray(start, start + length);
  const content = new HttpBody({
    size: length,
    truncated: !isWhole || bytes.length < length,
    // The flag says whether this message uses the encoding that the head announces.
    contentEncoding: isCompressed ? (encoding ?? 'unknown') : undefined,
    bytes,
  });
  return { offsetMs: Math.max(0, endNs - flowStartNs) / 1e6, compressed: isCompressed, content };
}

function fieldOf(fields: readonly HttpHeader[], lowerCaseName: string): string | undefined {
  return fields.find(([name]) => name === lowerCaseName)?.[1];
}
