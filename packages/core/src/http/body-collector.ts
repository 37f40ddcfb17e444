// SPDX-License-Identifier: Apache-2.0
// Imported, because the global is a getter.
import { Buffer } from 'node:buffer';
import { HttpBody } from './http-body.js';

/** Room for a body whose length is announced is made at once up to here; a larger one must show its bytes first. */
const MAX_FIRST_CAPACITY = 262_144;
const MIN_CAPACITY = 1024;
/** Up to here a loop is faster than a call into native code. */
const LOOP_BYTES = 128;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** A copy of the bytes, which are borrowed. Small copies come from Node's shared pool. */
function copied(bytes: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  const copy = Buffer.allocUnsafe(length);
  copyBytes(bytes, start, end, copy, 0);
  return copy;
}

function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  if (end - start > LOOP_BYTES) {
    from.copy(to, at, start, end);
    return;
  }
  let i = start;
  let j = at;
  // Four at a time take half as long.
  for (; i + 4 <= end; i += 4, j += 4) {
    to[j] = from[i] as number;
    to[j + 1] = from[i + 1] as number;
    to[j + 2] = from[i + 2] as number;
    to[j + 3] = from[i + 3] as number;
  }
  for (; i < end; i++, j++) to[j] = from[i] as number;
}

/** The body that lies in one chunk, from `start` to `end`: the usual case, copied once. */
export function bodyInOneChunk(
  bytes: Buffer,
  start: number,
  end: number,
  maxBodyBytes: number,
  contentEncoding: string | undefined,
): HttpBody {
  const size = end - start;
  const truncated = size > maxBodyBytes;
  const kept = copied(bytes, start, truncated ? start + maxBodyBytes : end);
  return new HttpBody({ size, truncated, contentEncoding, bytes: kept });
}

/** Hears of a body as it comes, without the transfer coding. */
export interface BodyListener {
  append(bytes: Buffer, start: number, end: number): void;
  skip(): void;
}

/**
 * Gathers a body piece by piece: counts all of it and keeps a prefix of at most `maxBodyBytes`. The prefix ends at
 * the first byte that was not captured. A body of unknown length that comes in one piece is copied once, into room of
 * its own size.
 */
export class BodyCollector {
  size = 0;
  readonly #maxBodyBytes: number;
  readonly #expectedBytes: number;
  readonly #listener: BodyListener | undefined;
  #kept = NO_BYTES;
  #keptBytes = 0;
  #truncated = false;

  /** `expectedBytes`: the announced length, 0 when unknown. */
  constructor(maxBodyBytes: number, expectedBytes: number, listener?: BodyListener) {
    this.#listener = listener;
    this.#maxBodyBytes = maxBodyBytes;
    this.#expectedBytes = expectedBytes;
  }

  append(bytes: Buffer, start: number, end: number): void {
    this.size += end - start;
    this.#listener?.append(bytes, start, end);
    if (this.#truncated) return;
    const room = this.#maxBodyBytes - this.#keptBytes;
    const to = end - start > room ? start + room : end;
    if (to < end) this.#truncated = true;
    if (to === start) return;
    this.#reserve(this.#keptBytes + to - start);
    copyBytes(bytes, start, to, this.#kept, this.#keptBytes);
    this.#keptBytes += to - start;
  }

  /** Bytes that belong to the body but were not captured. */
  skip(length: number): void {
    if (length === 0) return;
    this.size += length;
    this.#listener?.skip();
    this.#truncated = true;
  }

  /** More of the body may have been missed, nobody knows how much. */
  cut(): void {
    this.#truncated = true;
  }

  /** What is kept so far. It does not change when more comes. */
  view(): Buffer {
    return this.#kept.subarray(0, this.#keptBytes);
  }

  /** The body, `cut` when more of it was to come. The collector must not be used afterwards. */
  finish(contentEncoding: string | undefined, cut: boolean): HttpBody {
    if (this.size === 0 && !cut && !this.#truncated && contentEncoding === undefined) return HttpBody.empty;
    return new HttpBody({
      size: this.size,
      truncated: this.#truncated || cut,
      contentEncoding,
      bytes: this.#fittingBytes(),
    });
  }

  /** A flow may wait in a queue for long: it does not keep more than a quarter of unused room alive. */
  #fittingBytes(): Buffer {
    const { length } = this.#kept;
    const spare = length - this.#keptBytes;
    // A view is an object of its own, which costs as much as copying a small body.
    if (spare === 0) return this.#kept;
    return spare * 4 > length ? copied(this.#kept, 0, this.#keptBytes) : this.view();
  }

  /** Grows by doubling, so every byte is moved a constant number of times. */
  #reserve(length: number): void {
    if (length <= this.#kept.length) return;
    const isFirst = this.#keptBytes === 0;
    const expected = Math.min(this.#expectedBytes, MAX_FIRST_CAPACITY);
    const wanted = isFirst ? expected : Math.max(this.#kept.length * 2, expected, MIN_CAPACITY);
    const grown = Buffer.allocUnsafe(Math.max(length, Math.min(wanted, this.#maxBodyBytes)));
    if (!isFirst) this.#kept.copy(grown, 0, 0, this.#keptBytes);
    this.#kept = grown;
  }
}
