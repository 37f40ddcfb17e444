// SPDX-License-Identifier: Apache-2.0
import {
  type FlowMessage,
  type GrpcDetails,
  type GrpcMessage,
  HttpBody,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
} from '@flowtap/core';
import {
  type Body,
  type GrpcMessages,
  type Header,
  type FlowMessage as ProtoFlowMessage,
  type GrpcMessage as ProtoGrpcMessage,
  type HttpRequest as ProtoRequest,
  type HttpResponse as ProtoResponse,
  Sender,
} from '../gen/flowtap/v1/flow.js';

const EMPTY = new Uint8Array(0);

/** Equal lists of headers are often one list. */
const headerLists = new WeakMap<readonly HttpHeader[], Header[]>();

/** @param maxBytes of all contents that are sent at most */
export function flowMessagesToProto(messages: readonly FlowMessage[], maxBytes: number): ProtoFlowMessage[] {
  let room = maxBytes;
  return messages.map((message) => {
    const content = bodyToProto(message.content, room);
    room -= content?.captured.length ?? 0;
    return {
      sender: message.sender === 'client' ? Sender.SENDER_CLIENT : Sender.SENDER_SERVER,
      offsetUs: Math.round(message.offsetMs * 1000),
      type: message.type,
      content,
      compressed: 'compressed' in message && message.compressed === true,
      closeCode: 'closeCode' in message ? (message.closeCode ?? 0) : 0,
      event: 'event' in message ? message.event : '',
      eventId: message.type === 'event' ? (message.id ?? '') : '',
      topic: message.type === 'pushed' ? (message.topic ?? '') : '',
      pattern: message.type === 'pushed' ? (message.pattern ?? '') : '',
    };
  });
}

/** @param maxBytes of the body that are sent at most */
export function requestToProto(request: HttpRequest, maxBytes: number): ProtoRequest {
  const { method, target, authority = '', httpVersion, headers, trailers, body, grpc } = request;
  return {
    method,
    target,
    authority,
    httpVersion,
    headers: headersToProto(headers),
    trailers: headersToProto(trailers),
    body: grpc === undefined ? bodyToProto(body, maxBytes) : sizeOf(body),
    grpc: grpc && {
      service: grpc.service ?? '',
      method: grpc.method ?? '',
      messages: messagesToProto(grpc, maxBytes),
    },
  };
}

/** @param maxBytes of the body that are sent at most */
export function responseToProto(response: HttpResponse, maxBytes: number): ProtoResponse {
  const { status, reason, httpVersion, headers, trailers, body, grpc, eventStream } = response;
  return {
    status,
    reason,
    httpVersion,
    headers: headersToProto(headers),
    trailers: headersToProto(trailers),
    body: grpc === undefined ? bodyToProto(body, maxBytes) : sizeOf(body),
    grpc: grpc && {
      status: grpc.status,
      statusName: grpc.statusName ?? '',
      message: grpc.message ?? '',
      messages: messagesToProto(grpc, maxBytes),
    },
    eventStream: eventStream && {
      events: flowMessagesToProto(eventStream.events, maxBytes),
      count: eventStream.eventCount,
      lost: eventStream.eventsLost ?? false,
    },
  };
}

function headersToProto(headers: readonly HttpHeader[] | undefined): Header[] {
  if (headers === undefined) return [];
  let list = headerLists.get(headers);
  if (list === undefined) {
    list = headers.map(([name, value]) => ({ name, value }));
    headerLists.set(headers, list);
  }
  return list;
}

function bodyToProto(body: HttpBody, maxBytes: number): Body | undefined {
  if (body === HttpBody.empty) return undefined;
  const { size, truncated, contentEncoding = '', bytes } = body;
  const isCut = bytes.length > maxBytes;
  return {
    size,
    truncated: truncated || isCut,
    contentEncoding,
    captured: isCut ? bytes.subarray(0, maxBytes) : bytes,
  };
}

/** Of a gRPC call: its body is sent as messages, and not twice. */
function sizeOf({ size, truncated, contentEncoding = '' }: HttpBody): Body {
  return { size, truncated, contentEncoding, captured: EMPTY };
}

function messagesToProto(details: GrpcDetails, maxBytes: number): GrpcMessages {
  let room = maxBytes;
  const list = details.messages.map((message): ProtoGrpcMessage => {
    const sent = grpcMessageToProto(message, room);
    room -= sent.content?.captured.length ?? 0;
    return sent;
  });
  return { list, count: details.messageCount, lost: details.messagesLost ?? false, encoding: details.encoding ?? '' };
}

function grpcMessageToProto({ offsetMs, compressed, content }: GrpcMessage, maxBytes: number): ProtoGrpcMessage {
  return { offsetUs: Math.round(offsetMs * 1000), compressed, content: bodyToProto(content, maxBytes) };
}
