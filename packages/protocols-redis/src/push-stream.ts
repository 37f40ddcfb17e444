// SPDX-License-Identifier: Apache-2.0
import {
  type Direction,
  type FlowGap,
  MessageList,
  type OpenExchange,
  type ParsedExchange,
  type ParserContext,
  type PushedMessage,
  withGap,
} from '@flowtap/core';
import { type FaultCode, flowError } from './constants.js';
import { Exchange } from './exchange.js';
import type { JoinedLate } from './joined-late.js';
import type { Push } from './push.js';

/**
 * What a server pushes on a connection: one flow, from the command that asked for it (SUBSCRIBE, MONITOR) on. Without such a
 * command, as for invalidations, it is a flow without request.
 */
export class PushStream {
  /** What asked for it; it is no flow of its own. */
  readonly exchange: Exchange | undefined;
  readonly #requestDirection: Direction;
  readonly #late: JoinedLate;
  readonly #list: MessageList<PushedMessage>;
  readonly #startNs: number;
  readonly #opened: OpenExchange | undefined;
  #endNs: number;
  #gaps: FlowGap[] | undefined;
  #messagesLost = false;

  constructor(
    context: ParserContext,
    requestDirection: Direction,
    cause: { readonly exchange?: Exchange; readonly startNs: number; readonly late: JoinedLate },
  ) {
    this.#requestDirection = requestDirection;
    this.#list = new MessageList(context.limits.maxBodyBytes);
    this.exchange = cause.exchange;
    this.#late = cause.late;
    this.#startNs = cause.exchange?.startNs ?? cause.startNs;
    this.#endNs = this.#startNs;
    this.#opened = context.wantsUpdates ? context.open(this.#toParsedExchange(false, undefined)) : undefined;
  }

  add(push: Push, endNs: number): void {
    this.#endNs = Math.max(this.#endNs, endNs);
    const message: PushedMessage = { ...push, sender: 'server', offsetMs: Math.max(0, endNs - this.#startNs) / 1e6 };
    this.#list.add(message);
    this.#opened?.message(message);
  }

  /** Bytes that may have held messages. */
  lose(gap: FlowGap | undefined): void {
    this.#messagesLost = true;
    if (gap !== undefined) this.#gaps = withGap(this.#gaps, gap);
  }

  /** `fault`: why nothing more was seen, unless it came to its end. */
  finish(fault: FaultCode | undefined): ParsedExchange {
    return this.#toParsedExchange(true, fault);
  }

  #toParsedExchange(isEnded: boolean, fault: FaultCode | undefined): ParsedExchange {
    const joinedLate = this.#late.value;
    const exchange = this.exchange ?? new Exchange(undefined);
    const parsed = exchange.toParsedExchange(this.#requestDirection, joinedLate, this.#opened);
    const lost = this.#messagesLost ? 'response-not-captured' : undefined;
    const unasked = joinedLate ? 'request-not-captured' : 'sent-unasked';
    const ownFault = fault ?? lost ?? (this.exchange === undefined ? unasked : undefined);
    const isWhole = (ownFault === undefined || ownFault === 'sent-unasked') && parsed.error === undefined;
    return {
      ...parsed,
      startNs: this.#startNs,
      endNs: Math.max(parsed.endNs, this.#endNs),
      messages: [...this.#list.messages],
      messageCount: this.#list.count,
      complete: isEnded && isWhole,
      ...(parsed.error === undefined && ownFault !== undefined ? { error: flowError(ownFault) } : {}),
      ...(this.#gaps === undefined ? {} : { gaps: [...(parsed.gaps ?? []), ...this.#gaps] }),
      ...(this.#messagesLost ? { messagesLost: true } : {}),
    };
  }
}
