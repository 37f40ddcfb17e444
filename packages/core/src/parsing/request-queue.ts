// SPDX-License-Identifier: Apache-2.0
import type { Direction } from '../events.js';
import { createFlowErrors, EXCHANGE_FAULTS, type ExchangeFaultCode } from '../flow/exchange-faults.js';
import type { FlowGap } from '../flow/flow.js';
import { withGap } from '../flow/flow-gaps.js';
import type { ParserContext, StreamGap } from './protocol-plugin.js';

const errorOf = createFlowErrors<ExchangeFaultCode>(EXCHANGE_FAULTS);

/** A request that has no reply yet. */
export interface WaitingRequest<Request> {
  /** May be completed while it waits. */
  request: Request;
  readonly requestDirection: Direction;
  readonly startNs: number;
  gaps?: FlowGap[];
}

export interface RequestQueueNames {
  /** Of the flows. */
  readonly protocol: string;
  /** @default the protocol's */
  readonly scheme?: string;
}

/**
 * Requests of a connection that wait for their replies, for protocols that reply in the order of the requests. Hands every
 * request out exactly once, and never keeps more of them than the limits allow (`too-many-pending` counts the others).
 */
export class RequestQueue<Request, Response> {
  readonly #context: ParserContext;
  readonly #protocol: string;
  readonly #scheme: string;
  #waiting: WaitingRequest<Request>[] = [];

  constructor(context: ParserContext, { protocol, scheme = protocol }: RequestQueueNames) {
    this.#context = context;
    this.#protocol = protocol;
    this.#scheme = scheme;
  }

  /** The request that the next reply belongs to. */
  get oldest(): WaitingRequest<Request> | undefined {
    return this.#waiting[0];
  }

  /** A request has begun. */
  add(request: Request, requestDirection: Direction, startNs: number): WaitingRequest<Request> {
    if (this.#waiting.length >= this.#context.limits.maxPendingExchanges) {
      this.#context.count('too-many-pending');
      this.#emit(this.#waiting.shift(), startNs, undefined, 'response-not-captured');
    }
    const waiting = { request, requestDirection, startNs };
    this.#waiting.push(waiting);
    return waiting;
  }

  /** The reply to the oldest request has ended; without a request it is counted (`reply-without-request`). */
  reply(response: Response, endNs: number): void {
    const oldest = this.#waiting.shift();
    if (oldest === undefined) this.#context.count('reply-without-request');
    else this.#emit(oldest, endNs, response);
  }

  /** The request has ended and, as its protocol has it, gets no reply. */
  endWithoutReply(waiting: WaitingRequest<Request>, endNs: number): void {
    const index = this.#waiting.indexOf(waiting);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.#emit(waiting, endNs);
  }

  /** Bytes are missing from the request, or from the reply to it. */
  miss({ direction, offset, length, reason }: StreamGap, waiting: WaitingRequest<Request> | undefined): void {
    if (waiting !== undefined) waiting.gaps = withGap(waiting.gaps, { direction, offset, bytes: length, reason });
  }

  /**
   * Replies are missing, or none will come: ends all that wait. What comes next is taken for the reply to the next request,
   * which is wrong where a client does not wait for replies and some of them were still to come.
   */
  giveUp(code: ExchangeFaultCode, endNs: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) this.#emit(one, endNs, undefined, code);
  }

  #emit(
    waiting: WaitingRequest<Request> | undefined,
    endNs: number,
    response?: Response,
    code?: ExchangeFaultCode,
  ): void {
    if (waiting === undefined) return;
    const { request, requestDirection, startNs, gaps } = waiting;
    this.#context.emit({
      protocol: this.#protocol,
      scheme: this.#scheme,
      requestDirection,
      startNs,
      endNs,
      request,
      ...(response === undefined ? {} : { response }),
      complete: code === undefined,
      ...(code === undefined ? {} : { error: errorOf(code) }),
      ...(gaps === undefined ? {} : { gaps }),
    });
  }
}
