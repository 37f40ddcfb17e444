// SPDX-License-Identifier: Apache-2.0

import type { ByteTotals, DataEvent, Direction, GapReason, Layer } from '../events.js';
import type { EngineState } from '../tap/engine-state.js';
import type { StreamOwner } from './parser-session.js';
import type { CloseReason, StreamChunk } from './protocol-plugin.js';
import { StreamParser } from './stream-parser.js';

/** The next offset of a direction is not known yet: the first event tells. */
const ANY_OFFSET = -1;

/**
 * One layer of a connection: makes each direction contiguous by offset, so that a parser sees every byte once, in
 * order, and every missing byte as a gap.
 *
 * There is no reorder window. The source numbers the bytes of a direction when it reserves the record, so events
 * leave it in order; should two threads that use one socket at once still overtake each other, the jump is a gap and
 * the bytes that come late are counted and dropped.
 */
export class Stream {
  readonly #state: EngineState;
  readonly #parser: StreamParser;
  #ingressNext: number;
  #egressNext: number;

  /** `rejoined`: the tap let this connection go before, so what passed since is not a loss. */
  constructor(state: EngineState, owner: StreamOwner, layer: Layer, joinedLate: boolean, rejoined: boolean) {
    this.#state = state;
    this.#parser = new StreamParser(state, owner, layer, joinedLate || rejoined);
    this.#ingressNext = rejoined ? ANY_OFFSET : 0;
    this.#egressNext = rejoined ? ANY_OFFSET : 0;
  }

  /** Bytes that passed so far, as far as this stream was told. */
  transferred(direction: Direction): number {
    return Math.max(0, direction === 'ingress' ? this.#ingressNext : this.#egressNext);
  }

  receive(event: DataEvent): void {
    const { direction, offset, length, timestampNs } = event;
    const end = offset + length;
    const expected = this.#advance(direction, offset, end);
    let { bytes } = event;
    let start = offset;
    if (offset > expected) {
      this.#gap(direction, expected, offset, this.#jumpReason(event), timestampNs);
    } else if (offset < expected) {
      const seen = Math.min(expected, end) - offset;
      this.#state.totals.lateBytes += seen;
      bytes = bytes.subarray(seen);
      start = offset + seen;
    }
    if (bytes.length > 0) {
      const chunk: StreamChunk = { direction, offset: start, bytes, timestampNs };
      this.#parser.data(chunk);
      start += bytes.length;
    }
    if (start < end) this.#gap(direction, start, end, event.gapReason ?? 'unknown', timestampNs);
  }

  /** It was not joined late after all. */
  seenFromStart(): void {
    this.#parser.seenFromStart();
  }

  /** Counts the bytes of an event without looking at them: ciphertext after the TLS start. */
  skip(event: DataEvent): void {
    this.#advance(event.direction, event.offset, event.offset + event.length);
  }

  /** The totals of the close event show what was lost at the tail. */
  finish(totals: ByteTotals, timestampNs: number): void {
    this.#finishDirection('ingress', totals.ingress, timestampNs);
    this.#finishDirection('egress', totals.egress, timestampNs);
  }

  close(reason: CloseReason, timestampNs: number): void {
    this.#parser.close(reason, timestampNs);
  }

  #finishDirection(direction: Direction, total: number, timestampNs: number): void {
    // Of a rejoined direction that stayed silent nobody knows how much had passed before.
    const known = (direction === 'ingress' ? this.#ingressNext : this.#egressNext) !== ANY_OFFSET;
    const expected = this.#advance(direction, total, total);
    if (known && total > expected) this.#gap(direction, expected, total, this.#state.jumpReason, timestampNs);
  }

  /** Moves the next offset of the direction to `end` and answers where it stood. */
  #advance(direction: Direction, offset: number, end: number): number {
    if (direction === 'ingress') {
      const expected = this.#ingressNext === ANY_OFFSET ? offset : this.#ingressNext;
      this.#ingressNext = Math.max(end, expected);
      return expected;
    }
    const expected = this.#egressNext === ANY_OFFSET ? offset : this.#egressNext;
    this.#egressNext = Math.max(end, expected);
    return expected;
  }

  /** The reason in an event is about its tail, unless its tail is there: then it tells why the offset jumped. */
  #jumpReason(event: DataEvent): GapReason {
    const complete = event.bytes.length === event.length;
    return (complete ? event.gapReason : undefined) ?? this.#state.jumpReason;
  }

  #gap(direction: Direction, from: number, to: number, reason: GapReason, timestampNs: number): void {
    const length = to - from;
    this.#state.totals.gaps += 1;
    this.#state.totals.gapBytes += length;
    this.#parser.gap({ direction, offset: from, length, reason, timestampNs });
  }
}
