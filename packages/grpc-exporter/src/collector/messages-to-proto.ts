// SPDX-License-Identifier: Apache-2.0
import {
  type GrpcDetails,
  type GrpcMessage,
  HttpBody,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
} from '@flowtap/core';
import type {
  Body,
  GrpcMessages,
  Header,
  GrpcMessage as ProtoGrpcMessage,
  HttpRequest as ProtoRequest,
  HttpResponse as ProtoResponse,
} from '../gen/flowtap/v1/flow.js';

const EMPTY = new Uint8Array(0);

/** Equal lists of headers are often one list. */
const headerLists = new WeakMap<readonly HttpHeader[], Header[]>();

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
    body: bodyToProto(body, grpc === undefined ? maxBytes : 0),
    grpc: grpc && {
      service: grpc.service ?? '',
      method: grpc.method ?? '',
      messages: messagesToProto(grpc, maxBytes),
    },
  };
}

/** @param maxBytes of the body that are sent at most */
export function responseToProto(response: HttpResponse, maxBytes: number): ProtoResponse {
  const { status, reason, httpVersion, headers, trailers, body, grpc } = response;
  return {
    status,
    reason,
    httpVersion,
    headers: headersToProto(headers),
    trailers: headersToProto(trailers),
    body: bodyToProto(body, grpc === undefined ? maxBytes : 0),
    grpc: grpc && {
      status: grpc.status,
      statusName: grpc.statusName ?? '',
      message: grpc.message ?? '',
      messages: messagesToProto(grpc, maxBytes),
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
    captured: !isCut ? bytes : maxBytes === 0 ? EMPTY : bytes.subarray(0, maxBytes),
  };
}

/** The messages are the body of a call, so it is sent as these and not twice. */
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
