// SPDX-License-Identifier: Apache-2.0
import type { ParserContext } from '@flowtap/core';
import { type FaultCode, MESSAGES_PER_STATEMENT } from './constants.js';
import type { Exchange } from './exchange.js';
import type { Portal, Statement } from './statements.js';

/** What a message of the client's will be answered by; `copy-end` by nothing. */
export type AskKind =
  | 'startup'
  | 'query'
  | 'function'
  | 'parse'
  | 'bind'
  | 'describe-statement'
  | 'describe-portal'
  | 'execute'
  | 'close'
  | 'sync'
  | 'copy-end';

export interface Ask {
  readonly kind: AskKind;
  /** Absent where the message belongs to no statement. */
  readonly exchange?: Exchange;
  readonly statement?: Statement;
  readonly portal?: Portal;
}

/** Each is answered by a ReadyForQuery, last. */
const ENDS_A_CYCLE: ReadonlySet<AskKind> = new Set(['startup', 'query', 'function', 'sync']);

/**
 * Which message of the server answers which of the client's: they come in the same order, and each cycle ends with
 * ReadyForQuery. After a loss nobody can tell which cycle an answer ends; then the next request says it, since a client waits
 * for its answer before it goes on, unless it was seen to do otherwise.
 */
export class Pipeline {
  readonly #context: ParserContext;
  readonly #finish: (exchange: Exchange) => void;
  readonly #unfinished = new Set<Exchange>();
  #asks: Ask[] = [];
  #at = 0;
  /** Cycles that wait for their ReadyForQuery. */
  #cycles = 0;
  #isPipelined = false;
  #isDoubtful: boolean;
  /** The server passes over what comes until a Sync. */
  #isSkipping = false;
  /** Has its answers; an error of its cycle's end would still be its own. */
  #held: Exchange | undefined;

  constructor(context: ParserContext, finish: (exchange: Exchange) => void) {
    this.#context = context;
    this.#finish = finish;
    this.#isDoubtful = context.joinedLate;
  }

  /** Answers cannot be told apart. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /** What the server answers now. */
  get head(): Ask | undefined {
    while (this.#asks[this.#at]?.kind === 'copy-end') this.#shift();
    return this.#asks[this.#at];
  }

  /** A request begins that answers before it do not belong to. */
  begin(): void {
    if (!this.#isDoubtful || this.#isPipelined) return;
    this.#abandon('response-not-captured');
    this.#isDoubtful = false;
  }

  add(ask: Ask): void {
    const { kind, exchange } = ask;
    if (exchange !== undefined) this.#note(exchange);
    if (this.#isSkipping && kind !== 'sync') {
      if (exchange?.error === undefined) passOver(exchange);
      return;
    }
    this.#isSkipping = false;
    if (this.#asks.length - this.#at >= this.#context.limits.maxPendingExchanges * MESSAGES_PER_STATEMENT) {
      this.lost('too-many-pending');
      this.#abandon('too-many-pending');
    }
    this.#asks.push(ask);
    if (exchange !== undefined) exchange.pending += 1;
    if (!ENDS_A_CYCLE.has(kind)) return;
    this.#cycles += 1;
    if (this.#cycles > 1) this.#isPipelined = true;
  }

  /** No further message of the client's belongs to it. */
  close(exchange: Exchange): void {
    exchange.isOpen = false;
    this.#settle(exchange);
  }

  /** The first of the waiting messages has its answer. */
  answered(): void {
    const ask = this.#shift();
    if (ask?.exchange === undefined) return;
    ask.exchange.pending -= 1;
    this.#settle(ask.exchange);
  }

  /** An error in the extended protocol: the server passes over what was sent before the next Sync. */
  failed(): void {
    const failed = this.#asks[this.#at]?.exchange;
    this.#isSkipping = true;
    for (let ask = this.#asks[this.#at]; ask !== undefined; ask = this.#asks[this.#at]) {
      if (ask.kind === 'sync') {
        this.#isSkipping = false;
        return;
      }
      if (ask.exchange !== failed) passOver(ask.exchange);
      this.answered();
    }
  }

  /** In copy mode the server does not answer the Syncs that were sent before the end of the data. */
  dropSyncs(): void {
    const rest = this.#asks.slice(this.#at);
    const end = rest.findIndex(({ kind }) => kind === 'copy-end');
    const kept = rest.filter(({ kind }, index) => kind !== 'sync' || (end >= 0 && index > end));
    this.#cycles -= rest.length - kept.length;
    this.#asks = kept;
    this.#at = 0;
  }

  /** ReadyForQuery. */
  ready(timestampNs: number): void {
    if (this.#isDoubtful) this.#readyInDoubt(timestampNs);
    else this.#endCycle(timestampNs);
    this.#release(timestampNs);
  }

  /** The statement whose cycle has not ended: what comes at its end is its own. */
  get held(): Exchange | undefined {
    return this.#held;
  }

  /** Bytes were not captured that may have held messages. */
  lost(fault: FaultCode): void {
    this.#release();
    this.#isDoubtful = true;
    this.#isSkipping = false;
    for (const exchange of this.#unfinished) exchange.fault ??= fault;
  }

  /** The capture of the connection ends. */
  end(faultOf: (exchange: Exchange) => FaultCode | undefined): void {
    this.#release();
    for (const exchange of this.#unfinished) {
      exchange.fault ??= faultOf(exchange);
      this.#complete(exchange);
    }
  }

  /** Exchanges that have no end yet, in the order of their beginnings. */
  get unfinished(): Iterable<Exchange> {
    return this.#unfinished;
  }

  #note(exchange: Exchange): void {
    if (exchange.isFinished || this.#unfinished.has(exchange)) return;
    this.#unfinished.add(exchange);
    if (this.#unfinished.size <= this.#context.limits.maxPendingExchanges) return;
    const [oldest] = this.#unfinished;
    if (oldest === undefined) return;
    oldest.fault ??= 'too-many-pending';
    this.#complete(oldest);
  }

  /** With one cycle under way it is that one; with more of them nobody knows. */
  #readyInDoubt(timestampNs: number): void {
    for (const exchange of this.#unfinished) exchange.endNs = timestampNs;
    const isCertain = this.#cycles <= 1;
    this.#abandon('response-not-captured');
    if (isCertain || !this.#isPipelined) this.#isDoubtful = false;
  }

  #endCycle(timestampNs: number): void {
    for (let ask = this.head; ask !== undefined; ask = this.head) {
      if (ask.exchange !== undefined) ask.exchange.endNs = timestampNs;
      const isEnd = ENDS_A_CYCLE.has(ask.kind);
      // What was not answered by then never will be.
      if (!isEnd && ask.exchange !== undefined) ask.exchange.fault ??= 'response-not-captured';
      this.answered();
      if (isEnd) return;
    }
  }

  #settle(exchange: Exchange): void {
    if (exchange.isOpen || exchange.pending > 0 || exchange.isFinished) return;
    this.#release();
    this.#held = exchange;
  }

  #release(timestampNs?: number): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    if (timestampNs !== undefined) held.endNs = timestampNs;
    this.#complete(held);
  }

  /** Gives up what waits. */
  #abandon(fault: FaultCode): void {
    this.#asks = [];
    this.#at = 0;
    this.#cycles = 0;
    this.#release();
    for (const exchange of this.#unfinished) {
      exchange.fault ??= fault;
      this.#complete(exchange);
    }
  }

  #complete(exchange: Exchange): void {
    this.#unfinished.delete(exchange);
    if (exchange.isFinished) return;
    exchange.isFinished = true;
    this.#finish(exchange);
  }

  #shift(): Ask | undefined {
    const ask = this.#asks[this.#at];
    if (ask === undefined) return undefined;
    if (ENDS_A_CYCLE.has(ask.kind)) this.#cycles -= 1;
    this.#at += 1;
    // Each ask is moved a constant number of times.
    if (this.#at >= 64 && this.#at * 2 > this.#asks.length) {
      this.#asks = this.#asks.slice(this.#at);
      this.#at = 0;
    }
    return ask;
  }
}

function passOver(exchange: Exchange | undefined): void {
  if (exchange !== undefined) exchange.fault ??= 'not-executed';
}
