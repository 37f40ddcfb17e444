// SPDX-License-Identifier: Apache-2.0
import { type Direction, type FlowGap, type OpenExchange, type ParsedExchange, withGap } from '@flowtap/core';
import { type FaultCode, flowError, PROTOCOL_NAME } from './constants.js';
import { type Message, toRequest, toResponse, toUnfinishedRequest } from './message.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A request and its response on their way to become a flow. Either may be missing, then `fault` says why. */
export class Exchange {
  readonly request: Message | undefined;
  response: Message | undefined;
  /** Why a message is missing. */
  fault: FaultCode | undefined = undefined;
  /** Bytes outside the two messages that were not captured and may have held the missing one. */
  gaps: FlowGap[] | undefined = undefined;
  /** No response was under way when the request began: see pairing-doubt.ts. */
  startedQuietly = false;
  /** A response may still be assigned. */
  awaitsResponse: boolean;
  /** The response is only assumed to be the right one; nothing is handed out until that is certain. */
  isTentative = false;
  /** It was announced, and there is somebody who was to hear of it. */
  opened: OpenExchange | undefined = undefined;
  wasAnnounced = false;

  constructor(request: Message | undefined, response: Message | undefined) {
    this.request = request;
    this.response = response;
    this.awaitsResponse = response === undefined;
  }

  get startNs(): number {
    return this.request?.startNs ?? this.response?.startNs ?? 0;
  }

  get method(): string | undefined {
    const start = this.request?.head.start;
    return start?.kind === 'request' ? start.method : undefined;
  }

  /** Whether the request asked for another protocol (RFC 9110 §7.8, §9.3.6): then the response decides what follows it. */
  get asksForSwitch(): boolean {
    return this.request?.head.upgrade !== undefined || this.method === 'CONNECT';
  }

  /** Nothing more will change. */
  get isSettled(): boolean {
    if (this.awaitsResponse || this.isTentative) return false;
    return (this.request === undefined || this.request.ended) && (this.response === undefined || this.response.ended);
  }
}

export function toParsedExchange(exchange: Exchange, scheme: string, requestDirection: Direction): ParsedExchange {
  const { request, response } = exchange;
  const parsed: Writable<ParsedExchange> = {
    protocol: PROTOCOL_NAME,
    scheme,
    requestDirection,
    startNs: exchange.startNs,
    endNs: Math.max(request?.endNs ?? 0, response?.endNs ?? 0),
    complete: request?.complete === true && response?.complete === true,
  };
  if (request?.head.start.kind === 'request') parsed.request = toRequest(request, request.head.start);
  if (response?.head.start.kind === 'response')
    parsed.response = toResponse(response, response.head.start, parsed.startNs);
  const fault = request?.fault ?? response?.fault ?? exchange.fault;
  if (fault !== undefined) parsed.error = flowError(fault);
  const gaps = gapsOf(exchange);
  if (gaps !== undefined) parsed.gaps = gaps;
  if (exchange.opened !== undefined) parsed.opened = exchange.opened;
  return parsed;
}

/** What is announced of an exchange: its request, as far as it has come. Undefined when that was not captured. */
export function toOpening(
  { request }: Exchange,
  scheme: string,
  requestDirection: Direction,
): ParsedExchange | undefined {
  if (request?.head.start.kind !== 'request') return undefined;
  const { start } = request.head;
  return {
    protocol: PROTOCOL_NAME,
    scheme,
    requestDirection,
    startNs: request.startNs,
    endNs: request.endNs,
    request: request.ended ? toRequest(request, start) : toUnfinishedRequest(request, start),
    complete: false,
  };
}

function gapsOf({ request, response, gaps: outside }: Exchange): FlowGap[] | undefined {
  let gaps = request?.gaps;
  if (response?.gaps !== undefined) gaps = [...(gaps ?? []), ...response.gaps];
  if (outside !== undefined) for (const gap of outside) gaps = withGap(gaps, gap);
  return gaps;
}
