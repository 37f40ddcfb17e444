// SPDX-License-Identifier: Apache-2.0
import {
  type GrpcCallMessage,
  type GrpcDetails,
  type GrpcMessage,
  type GrpcMessageKind,
  type GrpcResponseDetails,
  type GrpcSchema,
  HttpBody,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
} from '@flowtap/core';
import { GrpcMessageReader, type GrpcMessageSpan } from './grpc-messages.js';
import { decodeGrpcMessage, GRPC_STATUS_NAMES } from './grpc-status.js';
import type { Message } from './message.js';
import { SchemaMessage } from './schema-message.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const SUBTYPE = 'application/'.length;
const LOWER_G = 0x67;
/** Of ASCII letters. */
const CASE_BIT = 0x20;

/** `application/grpc`, also with a subtype (`+proto`) or parameters; not grpc-web, whose body is another. */
export function isGrpcContentType(contentType: string | undefined): boolean {
  // Asked for every message, and nearly always in vain.
  if (contentType === undefined || (contentType.charCodeAt(SUBTYPE) | CASE_BIT) !== LOWER_G) return false;
  return /^application\/grpc(?:[+;]|$)/i.test(contentType);
}

export function isGrpc(request: Message | undefined, response: Message | undefined): boolean {
  return isGrpcContentType(request?.head.contentType) || isGrpcContentType(response?.head.contentType);
}

/** What the messages of both directions of a call have in common. */
export interface GrpcCall {
  /** Start of the flow, from which the messages' times count. */
  readonly startNs: number;
  /** Where the path of the call is known. */
  readonly path: Pick<GrpcMessageKind, 'service' | 'method'> | undefined;
  readonly schema: GrpcSchema | undefined;
}

/** The path of a call is `/service/method`. */
export function grpcCall(request: Message | undefined, startNs: number, schema: GrpcSchema | undefined): GrpcCall {
  const target = request?.head.path ?? '';
  const slash = target.lastIndexOf('/');
  const hasPath = target.startsWith('/') && slash > 0;
  return {
    startNs,
    path: hasPath ? { service: target.slice(1, slash), method: target.slice(slash + 1) } : undefined,
    schema,
  };
}

export function grpcRequest(request: HttpRequest, message: Message, call: GrpcCall): HttpRequest {
  return { ...request, grpc: { ...messagesOf(request.body, message, call, 'request'), ...call.path } };
}

/** A request of which messages are still to come. */
export function grpcOpening(request: HttpRequest, call: GrpcCall): HttpRequest {
  return { ...request, grpc: { messages: [], messageCount: 0, ...call.path } };
}

/** A message of a call that is under way. */
export function grpcProgress(
  span: GrpcMessageSpan,
  message: Message,
  call: GrpcCall,
  half: GrpcMessageKind['half'],
): GrpcCallMessage {
  const { grpcEncoding, contentType } = message.head;
  const one = toMessage(span, message.bodySoFar(), grpcEncoding, call.startNs);
  const shown = bySchema([one], contentType, call, half)[0] ?? one;
  const { offsetMs, compressed, content } = shown;
  return {
    type: 'grpc',
    sender: half === 'request' ? 'client' : 'server',
    offsetMs,
    compressed,
    content,
    ...(shown.decoded === undefined ? {} : { decoded: shown.decoded.bind(shown) }),
  };
}

/** Status and message come in the trailers, or in the head of a response that has nothing else (Trailers-Only). */
export function grpcResponse(response: HttpResponse, message: Message, call: GrpcCall): HttpResponse {
  const grpc: Writable<GrpcResponseDetails> = { ...messagesOf(response.body, message, call, 'response') };
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

function messagesOf(body: HttpBody, message: Message, call: GrpcCall, half: GrpcMessageKind['half']): GrpcDetails {
  let reader = message.grpcMessages;
  if (reader === undefined) {
    // That it is gRPC was learnt from the other half, later.
    reader = new GrpcMessageReader();
    reader.feed(body.bytes, 0, body.bytes.length, message.endNs);
  }
  reader.close();
  const { grpcEncoding: encoding, contentType } = message.head;
  const list = reader.spans.map((span) => toMessage(span, body.bytes, encoding, call.startNs));
  const details: Writable<GrpcDetails> = {
    messages: bySchema(list, contentType, call, half),
    messageCount: reader.count,
  };
  if (encoding !== undefined) details.encoding = encoding;
  if (reader.isLost) details.messagesLost = true;
  return details;
}

function bySchema(
  messages: readonly GrpcMessage[],
  contentType: string | undefined,
  { schema, path }: GrpcCall,
  half: GrpcMessageKind['half'],
): readonly GrpcMessage[] {
  if (schema === undefined || !isProtobuf(contentType)) return messages;
  return messages.map((one) => new SchemaMessage(one, schema, path && { ...path, half }));
}

/** Other subtypes, such as `application/grpc+json`, say that messages are something else. */
function isProtobuf(contentType: string | undefined): boolean {
  return contentType === undefined || !contentType.includes('+') || /\+proto\b/i.test(contentType);
}

function toMessage(
  span: GrpcMessageSpan,
  body: Buffer,
  encoding: string | undefined,
  flowStartNs: number,
): GrpcMessage {
  const { start, length, isCompressed, endNs, isWhole } = span;
  const bytes = body.subarray(start, start + length);
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
