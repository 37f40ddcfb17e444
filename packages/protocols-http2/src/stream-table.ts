// SPDX-License-Identifier: Apache-2.0
import type { FlowGap } from '@flowtap/core';
import type { FaultCode } from './constants.js';
import { Exchange } from './exchange.js';
import { MAX_REMEMBERED_STREAMS } from './limits.js';
import { OpenStreams } from './open-streams.js';

export interface StreamTableOptions {
  readonly maxOpenStreams: number;
  readonly joinedLate: boolean;
  /** Hand out an exchange. */
  readonly release: (exchange: Exchange) => void;
  readonly count: (code: string) => void;
}

/**
 * The streams that are open. A stream is forgotten when it is done; that its frames are not taken for a new one rests on
 * stream ids, which only grow (RFC 9113 §5.1.1):
 *
 *     ids:   ├── may have begun unseen ──┤── seen from the beginning ──┤── to come ──▶
 *            0                     #unseenBelow                  #lastRequest
 */
export class StreamTable {
  readonly #options: StreamTableOptions;
  readonly #open = new OpenStreams();
  /** Streams that were let go before both sides had ended. */
  readonly #abandoned = new Set<number>();
  #lastRequest = 0;
  #lastPush = 0;
  #unseenBelow = 0;
  /** Requests may have been missed since the last one that was seen. */
  #hasLostRequests: boolean;
  #hasLostResponses: boolean;

  constructor(options: StreamTableOptions) {
    this.#options = options;
    this.#hasLostRequests = options.joinedLate;
    this.#hasLostResponses = options.joinedLate;
  }

  /** The connection was seen from its first byte after all. */
  beginFresh(): void {
    this.#hasLostRequests = false;
    this.#hasLostResponses = false;
    this.#unseenBelow = 0;
  }

  get(streamId: number): Exchange | undefined {
    return this.#open.get(streamId);
  }

  /** The stream on which frames of the requesting side come. Undefined when it is closed. */
  forRequest(streamId: number, isHead: boolean): Exchange | undefined {
    const known = this.get(streamId);
    if (known !== undefined || isEven(streamId) || this.#abandoned.has(streamId)) return known;
    const mayBeUnseen = this.#hasLostRequests || streamId < this.#unseenBelow;
    if (isHead && streamId > this.#lastRequest) {
      if (this.#hasLostRequests) this.#unseenBelow = streamId;
      this.#hasLostRequests = false;
      this.#lastRequest = streamId;
      return this.#begin(streamId);
    }
    return mayBeUnseen ? this.#begin(streamId) : undefined;
  }

  /** The same for frames of the answering side. Its first one may be seen before the request is. */
  forResponse(streamId: number): Exchange | undefined {
    const known = this.get(streamId);
    if (known !== undefined || this.#abandoned.has(streamId)) return known;
    const isToCome = isEven(streamId) ? false : streamId > this.#lastRequest && !this.#hasLostRequests;
    const mayBeUnseen = isEven(streamId)
      ? this.#hasLostResponses
      : this.#hasLostRequests || streamId < this.#unseenBelow;
    if (!isToCome && !mayBeUnseen) return undefined;
    const exchange = this.#begin(streamId);
    exchange.isRequestMissing = !isToCome;
    return exchange;
  }

  /** A stream that the server promises. Undefined when it is known already. */
  forPush(streamId: number): Exchange | undefined {
    if (!isEven(streamId) || streamId <= this.#lastPush) return undefined;
    this.#lastPush = streamId;
    const exchange = this.get(streamId) ?? this.#begin(streamId);
    exchange.isPushed = true;
    return exchange;
  }

  /** Hands the exchange out when nothing about it can change any more. */
  settle(exchange: Exchange): void {
    if (exchange.isSettled) this.release(exchange);
  }

  release(exchange: Exchange): void {
    this.#open.delete(exchange);
    if (!exchange.hasEnded) this.#remember(exchange.streamId);
    if (exchange.isKnown) this.#options.release(exchange);
    else this.#options.count('stream-not-captured');
  }

  /** Frames of the requesting side were missed. */
  loseRequests(gap: FlowGap | undefined): void {
    this.#hasLostRequests = true;
    for (const exchange of this.#open.values()) {
      if (exchange.request === undefined) exchange.isRequestMissing = true;
      exchange.request?.miss(gap);
      this.settle(exchange);
    }
  }

  /** Frames of the answering side were missed. */
  loseResponses(gap: FlowGap | undefined): void {
    this.#hasLostResponses = true;
    for (const exchange of this.#open.values()) {
      if (exchange.response === undefined) exchange.missResponse(gap);
      else exchange.response.miss(gap);
    }
  }

  /** RFC 9113 §6.8: the server has not and will not process streams beyond the last one it names. */
  refuse(lastStreamId: number, refuse: (exchange: Exchange) => void): void {
    for (const exchange of this.#open.values()) {
      if (isEven(exchange.streamId) || exchange.streamId <= lastStreamId || exchange.response !== undefined) continue;
      refuse(exchange);
      this.release(exchange);
    }
  }

  /** Hands out everything that is open. */
  close(cut: FaultCode, noResponse: FaultCode): void {
    for (const exchange of this.#open.values()) {
      exchange.giveUp(cut, noResponse);
      this.release(exchange);
    }
  }

  #begin(streamId: number): Exchange {
    if (this.#open.size >= this.#options.maxOpenStreams) this.#dropOldest();
    const exchange = new Exchange(streamId);
    this.#open.add(exchange);
    return exchange;
  }

  #dropOldest(): void {
    const oldest = this.#open.oldest();
    if (oldest === undefined) return;
    this.#options.count('too-many-pending');
    oldest.giveUp('too-many-pending', 'too-many-pending');
    this.release(oldest);
  }

  #remember(streamId: number): void {
    this.#abandoned.add(streamId);
    if (this.#abandoned.size <= MAX_REMEMBERED_STREAMS) return;
    const [oldest] = this.#abandoned;
    if (oldest !== undefined) this.#abandoned.delete(oldest);
  }
}

/** RFC 9113 §5.1.1: clients open odd streams, servers even ones. */
function isEven(streamId: number): boolean {
  return streamId % 2 === 0;
}
