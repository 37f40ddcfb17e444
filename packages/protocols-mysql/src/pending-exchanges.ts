// SPDX-License-Identifier: Apache-2.0
import { type CloseReason, faultOfClose } from '@flowtap/core';
import type { FaultCode } from './constants.js';
import type { Exchange } from './exchange.js';
import type { Loss } from './packets/message.js';
import type { Session } from './session.js';
import { mayChangeSession } from './session-changes.js';

export interface PendingOptions {
  readonly maxPending: number;
  readonly session: Session;
  readonly emit: (exchange: Exchange) => void;
}

/**
 * Commands that wait for their answers, oldest first. After a loss an exchange is broken: what comes for it cannot be
 * understood, until the client goes on. That shows that it has got its answers, unless it sends commands before; then no
 * answer is given to a command any more.
 */
export class PendingExchanges {
  readonly #maxPending: number;
  readonly #session: Session;
  readonly #emit: (exchange: Exchange) => void;
  readonly #exchanges: Exchange[] = [];
  /** Commands were sent before earlier ones were answered. */
  #isPipelined = false;
  /** Nobody can tell any more which command an answer belongs to. */
  #isInDoubt = false;

  constructor({ maxPending, session, emit }: PendingOptions) {
    this.#maxPending = maxPending;
    this.#session = session;
    this.#emit = emit;
  }

  /** The one that is answered next. */
  get head(): Exchange | undefined {
    return this.#exchanges[0];
  }

  get last(): Exchange | undefined {
    return this.#exchanges.at(-1);
  }

  /** The statement of a `prepare` that waits has no number yet. */
  get hasPreparation(): boolean {
    return this.#exchanges.some(({ command }) => command?.reply === 'prepared');
  }

  add(exchange: Exchange): void {
    if (this.#exchanges.length >= this.#maxPending) this.#dropOldest();
    this.#exchanges.push(exchange);
    if (this.#isInDoubt) this.break(exchange, 'response-not-captured');
  }

  /** Something came for the head. */
  reply(head: Exchange, endNs: number): void {
    if (!head.hasReply && this.#exchanges.length > 1) this.#isPipelined = true;
    head.hasReply = true;
    head.endNs = Math.max(head.endNs, endNs);
  }

  /** The head has got its answer. */
  answered(): void {
    this.#exchanges.shift();
  }

  /** What comes for it cannot be understood any more. */
  break(exchange: Exchange, fault: FaultCode): void {
    if (exchange.fault === undefined && mayChangeSession(exchange)) this.#session.doubt();
    exchange.fault ??= fault;
    exchange.reply = undefined;
    this.#isInDoubt ||= this.#isPipelined;
  }

  /** The client goes on. @returns whether answers were waited for that could not be understood */
  settle(): boolean {
    if (this.head?.fault === undefined) return false;
    this.#releaseAll();
    return true;
  }

  loseCommands(loss: Loss): void {
    this.#isInDoubt ||= this.#isPipelined;
    this.last?.miss(loss);
  }

  /** Answers may have been missed. @returns whether what follows is the beginning of one, that of the last command */
  loseReplies(loss: Loss): boolean {
    const { head, last } = this;
    if (head === undefined || last === undefined) return false;
    head.miss(loss);
    const gapFault = head.hasReply ? 'gap-in-response' : 'response-not-captured';
    this.break(head, loss === 'malformed' ? 'malformed-packet' : gapFault);
    // A client that always waits for the answer has got those to all but its last command.
    if (head === last || this.#isInDoubt) return false;
    this.#exchanges.pop();
    this.#releaseAll();
    this.#exchanges.push(last);
    return true;
  }

  close(reason: CloseReason): void {
    for (const exchange of this.#exchanges.splice(0)) {
      const fault = faultOfClose(reason);
      exchange.fault ??= exchange.hasReply && reason === 'closed' ? 'connection-closed' : fault;
      this.#emit(exchange);
    }
  }

  #dropOldest(): void {
    const oldest = this.#exchanges.shift();
    if (oldest === undefined) return;
    oldest.fault ??= 'too-many-pending';
    this.#emit(oldest);
    // Answers are still to come for it, and look like those for the others.
    this.#isInDoubt = true;
    for (const exchange of this.#exchanges) this.break(exchange, 'response-not-captured');
  }

  #releaseAll(): void {
    for (const exchange of this.#exchanges.splice(0)) {
      exchange.fault ??= 'response-not-captured';
      this.#emit(exchange);
    }
  }
}
