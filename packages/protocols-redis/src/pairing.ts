// SPDX-License-Identifier: Apache-2.0
import { type FlowGap, type ParserLimits, withGap } from '@flowtap/core';
import type { FaultCode } from './constants.js';
import { Exchange } from './exchange.js';
import { Doubt } from './pairing-doubt.js';
import type { ReceivedReply } from './received.js';
import { confirmationOf, type SubscriptionKind, Subscriptions } from './subscriptions.js';

/** Replies that can overtake the commands of other threads at one time; each is as large as a reply can be. */
const MAX_EARLY_REPLIES = 16;
/** Replies wait while it is not certain what they answer: so many of the largest, and small ones in any case. */
const DOUBTFUL_BODIES = 8;
const MIN_DOUBT_BYTES = 262_144;

export interface PairingOptions {
  readonly limits: ParserLimits;
  readonly joinedLate: boolean;
  /** The observed process is the server. */
  readonly isServer: () => boolean;
  /** Hand out an exchange that nothing more will change. */
  readonly release: (exchange: Exchange) => void;
  /** The first confirmation of an exchange has come. */
  readonly confirmed: (exchange: Exchange) => void;
  readonly count: (code: string, by?: number) => void;
}

/**
 * Pairs replies with the commands that wait for them: by order alone, as Redis answers. After a loss only pairs that are
 * certain are made; see pairing-doubt.ts.
 */
export class Pairing {
  readonly subscriptions = new Subscriptions();
  readonly #options: PairingOptions;
  /** Commands whose replies are the next ones, oldest first. */
  readonly #waiting: Exchange[] = [];
  #waitingBytes = 0;
  /** Replies that overtook their commands, which another thread wrote: nothing is missing, so the next ones are theirs. */
  readonly #early: ReceivedReply[] = [];
  /** Replies to come of commands that were let go. */
  #letGo = 0;
  /** Since a command waits: replies that came. */
  #repliesInBurst = 0;
  #doubt: Doubt | undefined;
  /** The client was seen to send on while it had some of its replies and not all. */
  #overlaps = false;

  constructor(options: PairingOptions) {
    this.#options = options;
    this.#doubt = options.joinedLate ? this.#newDoubt() : undefined;
  }

  /** Nothing is known to wait. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && (this.#doubt === undefined || this.#doubt.commands.length === 0);
  }

  /** Whether such a confirmation answers a command that waits. */
  expects(kind: SubscriptionKind): boolean {
    const [next] = this.#waiting;
    if (next !== undefined) return next.confirmedBy === kind;
    return this.#doubt?.commands.some(({ confirmedBy }) => confirmedBy === kind) === true;
  }

  /** `isReplyUnderWay`: the client has not got all of a reply. */
  commandBegins(timestampNs: number, isReplyUnderWay: boolean): void {
    if (this.#waiting.length > 0) {
      if (this.#repliesInBurst > 0) this.#overlaps = true;
      return;
    }
    this.#repliesInBurst = 0;
    if (this.#doubt?.isTurn !== true) return;
    if (isReplyUnderWay) this.#overlaps = true;
    this.#settle(this.#doubt, timestampNs, false);
  }

  addCommand(exchange: Exchange): void {
    const { limits } = this.#options;
    if (this.#doubt !== undefined) {
      this.#doubt.commands.push(exchange);
      this.#bound(this.#doubt);
      return;
    }
    this.#waiting.push(exchange);
    this.#waitingBytes += exchange.heldBytes;
    while (this.#early.length > 0 && this.#waiting.length > 0) this.#answer(this.#early.shift());
    // Many small commands may wait: pipelines of many thousands are common, and they are bounded by their bytes as well.
    while (this.#waiting.length > limits.maxPendingExchanges && this.#waitingBytes > limits.maxBodyBytes) {
      this.#dropOldest();
    }
  }

  addReply(reply: ReceivedReply): void {
    if (this.#letGo > 0) {
      this.#letGo -= 1;
      return;
    }
    const doubt = this.#doubt;
    if (this.#waiting.length > 0) this.#answer(reply);
    else if (doubt === undefined) {
      if (this.#early.length >= MAX_EARLY_REPLIES) this.#orphan(this.#early.shift());
      this.#early.push(reply);
    } else if (!this.#anchor(doubt, reply)) {
      // Whatever came before the first command that is known is the answer to none of them.
      if (doubt.commands.length === 0) this.#orphan(reply);
      else doubt.addReply(reply);
      this.#bound(doubt);
    }
  }

  /** The connection was not joined late after all, and nothing was lost since: what came pairs from its beginning on. */
  seenFromStart(): void {
    const doubt = this.#doubt;
    if (doubt === undefined) return;
    const commands = doubt.takeCommands();
    const replies = doubt.takeReplies();
    this.#doubt = undefined;
    for (const exchange of commands) this.addCommand(exchange);
    for (const reply of replies) this.addReply(reply);
  }

  /** Commands may have passed unseen. Without a gap the bytes made no sense. */
  loseCommands(): void {
    for (const reply of this.#early.splice(0)) this.#orphan(reply);
    // Unseen ones are now in the middle: what came before them cannot be counted from the end on.
    if (this.#doubt !== undefined) this.#giveUp(this.#doubt);
    this.#doubt ??= this.#newDoubt();
  }

  /** Replies may have passed unseen. */
  loseReplies(gap: FlowGap | undefined): void {
    const doubt = this.#doubt ?? this.#newDoubt();
    this.#doubt = doubt;
    doubt.loseReplies(this.#waiting.splice(0));
    for (const reply of doubt.takeReplies()) this.#orphan(reply, 'pairing-uncertain');
    if (gap !== undefined) for (const exchange of doubt.commands) exchange.gaps = withGap(exchange.gaps, gap);
    this.#waitingBytes = 0;
    this.#letGo = 0;
  }

  /** Hands out everything that still waits. `isClosed`: the client has left, which it does when it has all its replies. */
  close(fault: FaultCode, timestampNs: number, isClosed: boolean): void {
    if (this.#waiting.length === 0 && this.#doubt?.isTurn === true) this.#settle(this.#doubt, timestampNs, isClosed);
    for (const exchange of this.#waiting.splice(0)) this.#abandon(exchange, fault);
    for (const reply of this.#early.splice(0)) this.#orphan(reply);
    const doubt = this.#doubt;
    if (doubt === undefined) return;
    if (isClosed) {
      const { commands, replies } = doubt.takeTurns();
      this.#pairFromEnd(commands, replies, doubt.lostReplies);
    }
    for (const exchange of doubt.takeCommands()) {
      this.#abandon(exchange, doubt.lostReplies ? 'response-not-captured' : fault);
    }
    for (const reply of doubt.takeReplies()) this.#orphan(reply, 'pairing-uncertain');
  }

  /** The reply is the one of the oldest command that waits, or a part of it. */
  #answer(reply: ReceivedReply | undefined): void {
    const exchange = this.#waiting[0];
    if (exchange === undefined || reply === undefined) return;
    this.#repliesInBurst += 1;
    const confirmation = confirmationOf(reply.reply);
    if (confirmation === undefined || confirmation.kind !== exchange.confirmedBy) {
      exchange.reply = reply;
    } else {
      const isFirst = !exchange.isConfirmed;
      exchange.confirm(reply, this.#options.limits.maxBodyBytes);
      this.subscriptions.note(confirmation);
      if (isFirst) this.#options.confirmed(exchange);
      if (exchange.confirmationsLeft !== undefined) exchange.confirmationsLeft -= 1;
      const isDone =
        exchange.confirmationsLeft === undefined
          ? this.subscriptions.isLast(confirmation)
          : exchange.confirmationsLeft === 0;
      if (!isDone) return;
    }
    this.#waiting.shift();
    this.#waitingBytes -= exchange.heldBytes;
    this.#options.release(exchange);
  }

  #dropOldest(): void {
    const exchange = this.#waiting.shift();
    if (exchange === undefined) return;
    this.#waitingBytes -= exchange.heldBytes;
    this.#letGo += exchange.confirmedBy === undefined ? 1 : (exchange.confirmationsLeft ?? 1);
    this.#options.count('too-many-pending');
    this.#abandon(exchange, 'too-many-pending');
  }

  /** A confirmation tells which command it answers, whatever else is not known: what waits behind that is certain again. */
  #anchor(doubt: Doubt, reply: ReceivedReply): boolean {
    const confirmation = confirmationOf(reply.reply);
    const index =
      confirmation === undefined
        ? -1
        : doubt.commands.findIndex(({ confirmedBy }) => confirmedBy === confirmation.kind);
    if (index === -1) return false;
    const commands = doubt.takeCommands();
    const replies = doubt.takeReplies();
    this.#doubt = undefined;
    this.#pairFromEnd(commands.slice(0, index), replies, doubt.lostReplies);
    for (const exchange of commands.slice(index)) {
      this.#waiting.push(exchange);
      this.#waitingBytes += exchange.heldBytes;
    }
    this.#answer(reply);
    return true;
  }

  #settle(doubt: Doubt, timestampNs: number, isClosed: boolean): void {
    const turn = doubt.turn(timestampNs, this.#overlaps);
    if (turn === 'broken') {
      this.#overlaps = true;
      this.#giveUp(doubt);
    } else if (turn === 'over' || isClosed) {
      this.#doubt = undefined;
      this.#pairFromEnd(doubt.takeCommands(), doubt.takeReplies(), doubt.lostReplies);
    }
  }

  /** Nothing is outstanding, so the last replies belong to the last commands. */
  #pairFromEnd(commands: readonly Exchange[], replies: readonly ReceivedReply[], lostReplies: boolean): void {
    const pairs = Math.min(commands.length, replies.length);
    for (const reply of replies.slice(0, replies.length - pairs)) this.#orphan(reply);
    for (const exchange of commands.slice(0, commands.length - pairs)) {
      this.#abandon(exchange, lostReplies ? 'response-not-captured' : 'pairing-uncertain');
    }
    const answered = commands.slice(commands.length - pairs);
    for (const [i, exchange] of answered.entries()) {
      exchange.reply = replies[replies.length - pairs + i];
      exchange.gaps = undefined;
      this.#options.release(exchange);
    }
  }

  /** Nothing certain can be said of what waits: everything becomes half an exchange. */
  #giveUp(doubt: Doubt): void {
    this.#options.count('pairing-uncertain');
    for (const exchange of doubt.takeCommands()) {
      this.#abandon(exchange, doubt.lostReplies ? 'response-not-captured' : 'pairing-uncertain');
    }
    for (const reply of doubt.takeReplies()) this.#orphan(reply, 'pairing-uncertain');
    doubt.lostReplies = false;
  }

  #bound(doubt: Doubt): void {
    const { maxPendingExchanges, maxBodyBytes } = this.#options.limits;
    const maxBytes = Math.max(MIN_DOUBT_BYTES, DOUBTFUL_BODIES * maxBodyBytes);
    if (doubt.size > maxPendingExchanges || doubt.heldBytes > maxBytes) this.#giveUp(doubt);
  }

  #newDoubt(): Doubt {
    return new Doubt(this.#options.isServer);
  }

  #abandon(exchange: Exchange, fault: FaultCode): void {
    exchange.fault = fault;
    this.#options.release(exchange);
  }

  #orphan(reply: ReceivedReply | undefined, fault: FaultCode = 'request-not-captured'): void {
    if (reply === undefined) return;
    const exchange = new Exchange(undefined, reply);
    exchange.fault = fault;
    this.#options.release(exchange);
  }
}
