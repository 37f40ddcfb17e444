// SPDX-License-Identifier: Apache-2.0
import type { StreamChunk, StreamGap } from '@flowtap/core';
import { HeldInput } from './held-input.js';
import type { MessageReader } from './message-reader.js';
import type { Loss } from './reader-events.js';

const MAX_EARLY_LOSSES = 8;

/** Stands for any number of others. */
const UNKNOWN_LOSS: Loss = { gap: undefined, hidesStart: false };

/** One direction of the connection: its reader, and the input that the reader cannot take yet. */
export class Side {
  readonly reader: MessageReader;
  readonly held = new HeldInput();
  /** Offset of the first byte that arrived; -1 before. */
  firstOffset = -1;
  /** The reader lost its place and has not met a head since. */
  isLost = false;
  /** Offset behind the last byte that the reader took. */
  position = 0;

  #earlyLosses: Loss[] = [];

  constructor(reader: MessageReader) {
    this.reader = reader;
  }

  get isHolding(): boolean {
    return this.reader.isPaused || !this.held.isEmpty;
  }

  /** Remember a loss until it is known what the direction carries. */
  addEarlyLoss(loss: Loss): void {
    if (this.#earlyLosses.length < MAX_EARLY_LOSSES) this.#earlyLosses.push(loss);
    else this.#earlyLosses[MAX_EARLY_LOSSES - 1] = UNKNOWN_LOSS;
  }

  takeEarlyLosses(): readonly Loss[] {
    const losses = this.#earlyLosses;
    this.#earlyLosses = [];
    return losses;
  }

  take(chunk: StreamChunk): number {
    const consumed = this.reader.feed(chunk.bytes, chunk.timestampNs);
    this.position = chunk.offset + consumed;
    return consumed;
  }

  skip(gap: StreamGap): void {
    this.position = gap.offset + gap.length;
    this.reader.gap(gap);
  }

  /** Feed the reader from what is held, until that is empty or the reader pauses. */
  drain(): void {
    while (!this.reader.isPaused && !this.reader.isStopped) {
      const item = this.held.shift();
      if (item === undefined) return;
      if (item.kind === 'gap') {
        this.skip(item.gap);
        continue;
      }
      const { chunk } = item;
      const consumed = this.take(chunk);
      if (consumed < chunk.bytes.length) {
        this.held.unshift({ ...chunk, offset: chunk.offset + consumed, bytes: chunk.bytes.subarray(consumed) });
      }
    }
  }
}
