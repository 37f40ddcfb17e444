// SPDX-License-Identifier: Apache-2.0
import {
  type Direction,
  type FlowError,
  type FlowGap,
  type GrpcSchema,
  type OpenExchange,
  type ParsedExchange,
  withGap,
} from '@flowtap/core';
import { type FaultCode, flowError, GRPC_PROTOCOL_NAME, PROTOCOL_NAME } from './constants.js';
import { grpcCall, grpcOpening, grpcRequest, grpcResponse, isGrpc } from './grpc.js';
import { type Message, toRequest, toResponse, toUnfinishedRequest } from './message.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What was seen of one stream: a request and its response on their way to become a flow. */
export class Exchange {
  readonly streamId: number;
  request: Message | undefined = undefined;
  response: Message | undefined = undefined;
  /** Why the stream ended early, when an endpoint said so. */
  error: FlowError | undefined = undefined;
  /** Why a message is missing. */
  fault: FaultCode | undefined = undefined;
  /** Bytes that were not captured and may have held the response. */
  gaps: FlowGap[] | undefined = undefined;
  /** The request is not waited for: it was sent before the capture, or in a gap. */
  isRequestMissing = false;
  /** The request came by PUSH_PROMISE (RFC 9113 §8.4). */
  isPushed = false;
  /** It was announced, and there is somebody who was to hear of it. */
  opened: OpenExchange | undefined = undefined;
  wasAnnounced = false;

  constructor(streamId: number) {
    this.streamId = streamId;
  }

  /** A head of at least one message was seen. */
  get isKnown(): boolean {
    return this.request?.isStartMissing === false || this.response?.isStartMissing === false;
  }

  get startNs(): number {
    return this.request?.startNs ?? this.response?.startNs ?? 0;
  }

  get hasEnded(): boolean {
    return this.request?.ended === true && this.response?.ended === true;
  }

  /** Nothing more is waited for. */
  get isSettled(): boolean {
    const { request, response } = this;
    if (response?.ended !== true) return false;
    if (request === undefined) return this.isRequestMissing;
    return request.ended || request.mayMissFrames || request.isStartMissing;
  }

  /** Bytes of the response direction were missed before the response was seen. */
  missResponse(gap: FlowGap | undefined): void {
    this.fault ??= 'response-not-captured';
    if (gap !== undefined) this.gaps = withGap(this.gaps, gap);
  }

  /** Nothing more will come. */
  giveUp(cut: FaultCode, noResponse: FaultCode): void {
    if (this.request !== undefined && !this.request.ended) this.request.fault ??= cut;
    if (this.response === undefined) this.fault ??= this.request?.ended === true ? noResponse : cut;
    else if (!this.response.ended) this.response.fault ??= cut;
  }
}

export interface ExchangeContext {
  readonly tls: boolean;
  readonly requestDirection: Direction;
  readonly isLate: boolean;
  readonly grpcSchema: GrpcSchema | undefined;
}

export function toParsedExchange(exchange: Exchange, context: ExchangeContext): ParsedExchange {
  const request = exchange.request?.isStartMissing === false ? exchange.request : undefined;
  const response = exchange.response?.isStartMissing === false ? exchange.response : undefined;
  const { startNs } = exchange;
  const call = isGrpc(request, response) ? grpcCall(request, startNs, context.grpcSchema) : undefined;
  const parsed: Writable<ParsedExchange> = {
    protocol: call !== undefined ? GRPC_PROTOCOL_NAME : PROTOCOL_NAME,
    scheme: request?.head.scheme ?? (context.tls ? 'https' : 'http'),
    requestDirection: context.requestDirection,
    startNs,
    endNs: Math.max(startNs, exchange.request?.endNs ?? 0, exchange.response?.endNs ?? 0),
    complete: request?.complete === true && response?.complete === true && exchange.error === undefined,
  };
  if (request !== undefined) {
    const http = toRequest(request);
    parsed.request = call === undefined ? http : grpcRequest(http, request, call);
  }
  if (response !== undefined) {
    const http = toResponse(response, startNs);
    parsed.response = call === undefined ? http : grpcResponse(http, response, call);
  }
  const error = exchange.error ?? errorOf(exchange, request, response);
  if (error !== undefined) parsed.error = error;
  const gaps = gapsOf(exchange);
  if (gaps !== undefined) parsed.gaps = gaps;
  if (request?.headersIncomplete === true || response?.headersIncomplete === true) parsed.headersIncomplete = true;
  if (context.isLate) parsed.joined = 'late';
  if (exchange.opened !== undefined) parsed.opened = exchange.opened;
  return parsed;
}

/** What is announced of an exchange: its request, as far as it has come. Undefined when that was not captured. */
export function toOpening({ request }: Exchange, context: ExchangeContext): ParsedExchange | undefined {
  if (request === undefined || request.isStartMissing) return undefined;
  const call = isGrpc(request, undefined) ? grpcCall(request, request.startNs, context.grpcSchema) : undefined;
  const http = request.ended ? toRequest(request) : toUnfinishedRequest(request);
  return {
    protocol: call === undefined ? PROTOCOL_NAME : GRPC_PROTOCOL_NAME,
    scheme: request.head.scheme ?? (context.tls ? 'https' : 'http'),
    requestDirection: context.requestDirection,
    startNs: request.startNs,
    endNs: request.endNs,
    request: call === undefined ? http : grpcOpening(http, call),
    complete: false,
    ...(request.headersIncomplete ? { headersIncomplete: true } : {}),
    ...(context.isLate ? { joined: 'late' } : {}),
  };
}

function errorOf(
  exchange: Exchange,
  request: Message | undefined,
  response: Message | undefined,
): FlowError | undefined {
  if (request === undefined) return flowError('request-not-captured');
  const missing = response === undefined ? (exchange.fault ?? 'response-not-captured') : undefined;
  const fault = request.fault ?? response?.fault ?? missing;
  return fault === undefined ? undefined : flowError(fault);
}

function gapsOf({ request, response, gaps: outside }: Exchange): FlowGap[] | undefined {
  let gaps = request?.gaps;
  if (response?.gaps !== undefined) gaps = [...(gaps ?? []), ...response.gaps];
  if (outside !== undefined && response === undefined) for (const gap of outside) gaps = withGap(gaps, gap);
  return gaps;
}
