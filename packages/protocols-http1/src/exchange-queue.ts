// SPDX-License-Identifier: Apache-2.0
import { type FlowGap, withGap } from '@flowtap/core';
import { type FaultCode, MIN_REQUEST_BYTES } from './constants.js';
import { Exchange } from './exchange.js';
import type { Message } from './message.js';
import { isBelievable, joinedLateDoubt, newDoubt, type PairingDoubt, type Turn } from './pairing-doubt.js';

/** `wait`: its request must still come. `refuse`: no request can have caused it. */
export type Answer = Exchange | 'wait' | 'refuse';

/** What else is under way while a response begins. */
export interface AnswerContext {
  /** The response was found among unknown bytes. */
  readonly isResyncing: boolean;
  /** A request may have begun that the queue does not know yet. */
  readonly isRequestUnderWay: boolean;
}

export interface QueueOptions {
  readonly maxPendingExchanges: number;
  readonly joinedLate: boolean;
  /** Hand out an exchange. */
  readonly release: (exchange: Exchange) => void;
  readonly count: (code: string, by?: number) => void;
}

/**
 * Pairs responses with the requests that wait for them. Without losses that is first in, first out; after a loss only
 * pairs that are certain are made, everything else is handed out as half an exchange: see pairing-doubt.ts.
 */
export class ExchangeQueue {
  readonly #maxPending: number;
  readonly #release: (exchange: Exchange) => void;
  readonly #count: (code: string, by?: number) => void;
  /** Known requests without a response, oldest first. */
  readonly #waiting: Exchange[] = [];
  #doubt: PairingDoubt | undefined;
  /** The client was seen to send a request before the answer to an earlier one began. */
  #pipelines = false;
  /** How often the client began a request when everything before was answered. */
  #waits = 0;
  #shortestRequest = Number.POSITIVE_INFINITY;
  /** A response came that may have been the one of the request whose head is still under way. */
  #givesUpNext = false;
  /** Gaps that may have held the requests of responses to come. */
  #requestGaps: FlowGap[] | undefined;

  constructor(options: QueueOptions) {
    this.#maxPending = options.maxPendingExchanges;
    this.#release = options.release;
    this.#count = options.count;
    this.#doubt = options.joinedLate ? joinedLateDoubt() : undefined;
  }

  /** `quiet`: no response is under way. */
  addRequest(request: Message, quiet: boolean): Exchange {
    const exchange = new Exchange(request, undefined);
    request.exchange = exchange;
    if (request.head.end < this.#shortestRequest) this.#shortestRequest = request.head.end;
    const isGivenUp = this.#givesUpNext && request.beganBeforeMark;
    this.#givesUpNext = false;
    if (isGivenUp) {
      this.#giveUp([exchange], 'pairing-uncertain');
      return exchange;
    }
    if (this.#waiting.length >= this.#maxPending) this.#dropOldest();
    const isLateHead = request.beganBeforeMark;
    if (this.#doubt !== undefined && !isLateHead) {
      this.#doubt.requestsSinceLoss += 1;
      this.#learnFromRequest(this.#doubt);
    }
    this.#waiting.push(exchange);
    if (this.#doubt !== undefined) this.#noteRequest(this.#doubt, exchange, quiet && !isLateHead);
    else if (quiet && this.#waiting.length === 1) this.#waits += 1;
    return exchange;
  }

  /** The exchange that a final response belongs to; one without request when that was not captured or is not certain. */
  answer(response: Message, context: AnswerContext): Answer {
    const doubt = this.#doubt;
    if (doubt === undefined) {
      if (this.#waiting.length === 0) return context.isResyncing ? 'refuse' : 'wait';
      if (this.#waiting.length > 1) this.#pipelines = true;
      return this.#takeOldest(response);
    }
    return doubt.responsesLost
      ? this.#answerAfterLoss(doubt, response, context)
      : this.#answerInDoubt(doubt, response, context);
  }

  /** A response for which no request came although none was lost. */
  unsolicited(response: Message): Exchange {
    // Should its request still come, then not for a later response.
    this.#beginDoubt().responsesLost = true;
    return this.#orphan(response, 'request-not-captured');
  }

  /** Bytes of the request direction that may have held requests. */
  loseRequests(gap: FlowGap | undefined, hidesStart: boolean): void {
    const doubt = this.#beginDoubt();
    this.#refute(doubt);
    doubt.joinedLate &&= gap === undefined && this.#waiting.length === 0;
    if (doubt.joinedLate) return;
    // Requests that came after unseen ones already are now in the middle of them.
    const doubtful = doubt.unseenMax > 0 ? this.#waiting.length - doubt.certain : 0;
    if (doubtful > 0) this.#giveUp(this.#waiting.splice(doubt.certain), 'pairing-uncertain');
    else doubt.certain = this.#waiting.length;
    if (hidesStart && !this.#givesUpNext) doubt.unseenMin += 1;
    this.#givesUpNext = false;
    doubt.hiddenBytes += gap === undefined ? Number.POSITIVE_INFINITY : gap.bytes;
    doubt.givenUp += doubtful;
    const hidden = gap === undefined ? Number.POSITIVE_INFINITY : Math.floor(gap.bytes / MIN_REQUEST_BYTES) + 1;
    doubt.unseenMax += doubtful + hidden;
    if (gap !== undefined) this.#requestGaps = withGap(this.#requestGaps, gap);
  }

  /** Bytes of the response direction that may have held responses. */
  loseResponses(gap: FlowGap | undefined): void {
    const doubt = this.#beginDoubt();
    this.#refute(doubt);
    doubt.everLostResponses = true;
    if (gap !== undefined) for (const exchange of this.#waiting) exchange.gaps = withGap(exchange.gaps, gap);
    if (doubt.joinedLate && this.#waiting.length === 0) return;
    doubt.joinedLate = false;
    doubt.responsesLost = true;
    doubt.requestsSinceLoss = 0;
    for (const exchange of this.#waiting) exchange.startedQuietly = false;
  }

  /** The connection was not joined late after all: its first `bytes` of requests were lost, but no response was. */
  loseBeginning(bytes: number): void {
    const doubt = this.#doubt;
    if (doubt === undefined || !doubt.joinedLate) return;
    doubt.joinedLate = false;
    doubt.unseenMin = 1;
    doubt.unseenMax = Math.floor(bytes / MIN_REQUEST_BYTES) + 1;
  }

  /** Hands the exchange out when nothing about it can change any more. */
  settle(exchange: Exchange): void {
    if (exchange.isSettled) this.#release(exchange);
  }

  /** Hands out everything that still waits. */
  close(fault: FaultCode): void {
    const doubt = this.#doubt;
    if (doubt !== undefined) this.#refute(doubt);
    this.#giveUp(this.#waiting.splice(0), doubt?.responsesLost === true ? 'response-not-captured' : fault);
  }

  /** A request follows the ones before without a hole: now it is certain which ones there were. */
  #learnFromRequest(doubt: PairingDoubt): void {
    const { turn } = doubt;
    if (turn?.provenBy === 'next-request') this.#prove(doubt, turn);
    // Whatever responses were lost, they were for requests that are dealt with.
    if (doubt.unseenMax === 0 && this.#waiting.length === 0) doubt.responsesLost = false;
    this.#reconsider(doubt);
  }

  #noteRequest(doubt: PairingDoubt, exchange: Exchange, quiet: boolean): void {
    if (doubt.unseenMax === 0) doubt.certain = this.#waiting.length;
    exchange.startedQuietly = quiet && this.#waiting.length === 1;
    const { turn } = doubt;
    if (turn === undefined) return;
    if (turn.next === undefined && turn.exchange.response?.ended === true) turn.next = exchange;
    else this.#refute(doubt);
  }

  /** No response was lost: the oldest request is answered, the question is only which one that is. */
  #answerInDoubt(doubt: PairingDoubt, response: Message, { isRequestUnderWay }: AnswerContext): Exchange {
    if (this.#waiting.length > 1) this.#pipelines = true;
    if (doubt.certain > 0) {
      doubt.certain -= 1;
      return this.#takeOldest(response);
    }
    const [oldest] = this.#waiting;
    if (oldest === undefined || doubt.unseenMin > 0) {
      // Somebody waited already when the request that this answers was not answered yet.
      if (oldest !== undefined || doubt.turn !== undefined) this.#pipelines = true;
      this.#refute(doubt);
      if (isRequestUnderWay && oldest === undefined && doubt.unseenMin === 0) this.#countUnderWay(doubt);
      doubt.unseenMin = Math.max(0, doubt.unseenMin - 1);
      doubt.unseenMax -= 1;
      const orphan = this.#orphan(response, 'request-not-captured');
      this.#reconsider(doubt);
      return orphan;
    }
    if (doubt.joinedLate && this.#waiting.length === 1) return this.#endDoubt(response);
    const { turn } = doubt;
    if (turn !== undefined && turn.next === oldest && !this.#pipelines) {
      this.#waits += 1;
      if (isBelievable(doubt, this.#waits, this.#shortestRequest)) {
        this.#prove(doubt, turn);
        return this.#endDoubt(response);
      }
    }
    this.#refute(doubt);
    if (oldest.startedQuietly && !isRequestUnderWay && !this.#pipelines && isPlain(oldest)) {
      return this.#assume(doubt, response, 'next-response');
    }
    return this.#giveUpAll(doubt, response);
  }

  /** Responses were lost: any of the waiting requests may be the one, or one that is not known. */
  #answerAfterLoss(doubt: PairingDoubt, response: Message, context: AnswerContext): Answer {
    if (doubt.requestsSinceLoss > 1) this.#pipelines = true;
    const [oldest, second] = this.#waiting;
    if (doubt.unseenMax === 0 && doubt.turn === undefined && second === undefined) {
      if (oldest === undefined) return context.isResyncing ? 'refuse' : 'wait';
      if (isPlain(oldest) && !context.isRequestUnderWay) return this.#assume(doubt, response, 'next-request');
    }
    this.#refute(doubt);
    if (context.isRequestUnderWay) this.#countUnderWay(doubt);
    return this.#giveUpAll(doubt, response);
  }

  /** The request whose head is under way is one of those that the response may belong to. */
  #countUnderWay(doubt: PairingDoubt): void {
    if (this.#givesUpNext) return;
    this.#givesUpNext = true;
    doubt.unseenMax += 1;
    doubt.givenUp += 1;
  }

  #assume(doubt: PairingDoubt, response: Message, provenBy: Turn['provenBy']): Exchange {
    const exchange = this.#takeOldest(response);
    exchange.isTentative = true;
    doubt.turn = { exchange, provenBy, next: undefined };
    return exchange;
  }

  #prove(doubt: PairingDoubt, { exchange }: Turn): void {
    doubt.turn = undefined;
    exchange.isTentative = false;
    this.settle(exchange);
  }

  /** Nothing certain can be said about any request that waits: all become unseen ones. */
  #giveUpAll(doubt: PairingDoubt, response: Message): Exchange {
    const given = this.#waiting.splice(0);
    this.#giveUp(given, 'pairing-uncertain');
    doubt.unseenMin = 0;
    doubt.unseenMax += given.length - 1;
    doubt.givenUp += given.length;
    doubt.certain = 0;
    doubt.responsesLost = false;
    doubt.joinedLate = false;
    const orphan = this.#orphan(response, given.length === 0 ? 'request-not-captured' : 'pairing-uncertain');
    this.#reconsider(doubt);
    return orphan;
  }

  /** No response will be assigned to these. */
  #giveUp(exchanges: readonly Exchange[], fault: FaultCode): void {
    for (const exchange of exchanges) {
      exchange.fault ??= fault;
      exchange.awaitsResponse = false;
      this.settle(exchange);
    }
  }

  /** What was assumed of the last turn cannot be proven: its two halves go out apart. */
  #refute(doubt: PairingDoubt): void {
    const exchange = doubt.turn?.exchange;
    doubt.turn = undefined;
    if (exchange === undefined) return;
    const { response } = exchange;
    exchange.isTentative = false;
    exchange.response = undefined;
    doubt.givenUp += 1;
    this.#giveUp([exchange], 'pairing-uncertain');
    if (response !== undefined) this.settle(this.#orphan(response, 'pairing-uncertain'));
  }

  #takeOldest(response: Message): Exchange {
    const exchange = this.#waiting.shift() ?? new Exchange(undefined, undefined);
    exchange.response = response;
    exchange.awaitsResponse = false;
    response.exchange = exchange;
    return exchange;
  }

  #orphan(response: Message, fault: FaultCode): Exchange {
    const exchange = new Exchange(undefined, response);
    if (this.#doubt !== undefined) this.#doubt.orphans += 1;
    exchange.fault = fault;
    exchange.gaps = this.#requestGaps;
    this.#requestGaps = undefined;
    response.exchange = exchange;
    this.#count(fault);
    return exchange;
  }

  #dropOldest(): void {
    const doubt = this.#beginDoubt();
    this.#refute(doubt);
    const exchange = this.#waiting.shift();
    if (exchange === undefined) return;
    // Its response will come, and it will come first.
    doubt.joinedLate = false;
    doubt.certain = 0;
    doubt.unseenMin += 1;
    doubt.unseenMax += 1;
    this.#count('too-many-pending');
    this.#giveUp([exchange], 'too-many-pending');
  }

  #beginDoubt(): PairingDoubt {
    this.#doubt ??= newDoubt(this.#waiting.length);
    return this.#doubt;
  }

  #reconsider(doubt: PairingDoubt): void {
    if (doubt.unseenMax === 0 && !doubt.responsesLost && doubt.turn === undefined) this.#forgetDoubt();
  }

  #endDoubt(response: Message): Exchange {
    this.#forgetDoubt();
    return this.#takeOldest(response);
  }

  #forgetDoubt(): void {
    this.#doubt = undefined;
    this.#requestGaps = undefined;
  }
}

/** The framing of the response does not depend on the request. */
function isPlain(exchange: Exchange): boolean {
  return exchange.method !== 'HEAD' && !exchange.asksForSwitch;
}
