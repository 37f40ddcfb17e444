// SPDX-License-Identifier: Apache-2.0
import { HttpBody } from '@flowtap/core';

const MIN_CAPACITY = 1024;
const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Gathers a body piece by piece: counts all of it and keeps a prefix of at most `maxBodyBytes`. The prefix ends at the
 * first byte that was not captured. A body that comes in one piece is copied once, into room of its own size.
 */
export class BodyCollector {
  size = 0;
  readonly #maxBodyBytes: number;
  #kept = NO_BYTES;
  #keptBytes = 0;
  #truncated = false;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  append(bytes: Buffer, start: number, end: number): void {
    this.size += end - start;
    if (this.#truncated) return;
    const room = this.#maxBodyBytes - this.#keptBytes;
    const to = end - start > room ? start + room : end;
    if (to < end) this.#truncated = true;
    if (to === start) return;
    this.#reserve(this.#keptBytes + to - start);
    bytes.copy(this.#kept, this.#keptBytes, start, to);
    this.#keptBytes += to - start;
  }

  /** Bytes that belong to the body but were not captured. */
  skip(length: number): void {
    this.size += length;
    this.#truncated = true;
  }

  /** More of the body may have been missed, nobody knows how much. */
  cut(): void {
    this.#truncated = true;
  }

  /** The collector must not be used afterwards. */
  finish(contentEncoding: string | undefined, isCut: boolean): HttpBody {
    const spare = this.#kept.length - this.#keptBytes;
    const kept = this.#kept.subarray(0, this.#keptBytes);
    // A flow may wait in a queue for long: it does not keep more than a quarter of unused room alive.
    const bytes = spare * 4 > this.#kept.length ? Buffer.from(kept) : kept;
    return new HttpBody({ size: this.size, truncated: this.#truncated || isCut, contentEncoding, bytes });
  }

  /** Grows by doubling, so every byte is moved a constant number of times. */
  #reserve(length: number): void {
    if (length <= this.#kept.length) return;
    const isFirst = this.#keptBytes === 0;
    const wanted = isFirst ? length : Math.max(length, this.#kept.length * 2, MIN_CAPACITY);
    const grown = Buffer.allocUnsafe(Math.max(length, Math.min(wanted, this.#maxBodyBytes)));
    if (!isFirst) this.#kept.copy(grown, 0, 0, this.#keptBytes);
    this.#kept = grown;
  }
}
