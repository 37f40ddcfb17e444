// SPDX-License-Identifier: Apache-2.0

const MIN_CAPACITY = 128;
const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Gathers the payload of a message without its masks (RFC 6455 §5.3): counts all of it and keeps a prefix of at most
 * `maxBytes`, which ends at the first byte that was not captured.
 */
export class Payload {
  size = 0;
  #kept = NO_BYTES;
  #keptBytes = 0;
  #isCut = false;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** All of it is kept. */
  get isWhole(): boolean {
    return !this.#isCut;
  }

  /** `position`: of the first byte in its frame, to which the mask is bound. */
  append(bytes: Buffer, start: number, end: number, mask: number | undefined, position: number): void {
    this.size += end - start;
    if (this.#isCut) return;
    const to = Math.min(end, start + this.#maxBytes - this.#keptBytes);
    if (to < end) this.#isCut = true;
    if (to === start) return;
    this.#reserve(this.#keptBytes + to - start);
    if (mask === undefined) bytes.copy(this.#kept, this.#keptBytes, start, to);
    else unmask(bytes, start, to, mask, position, this.#kept, this.#keptBytes);
    this.#keptBytes += to - start;
  }

  /** Bytes that were not captured. */
  skip(length: number): void {
    this.size += length;
    this.#isCut = true;
  }

  /** There may have been more. */
  cut(): void {
    this.#isCut = true;
  }

  /** What is kept. Nothing may be appended afterwards. */
  finish(): Buffer {
    const kept = this.#kept.subarray(0, this.#keptBytes);
    // A flow may wait in a queue for long: it does not keep more than a quarter of unused room alive.
    return (this.#kept.length - this.#keptBytes) * 4 > this.#kept.length ? Buffer.from(kept) : kept;
  }

  /** Grows by doubling, so every byte is moved a constant number of times. */
  #reserve(length: number): void {
    if (length <= this.#kept.length) return;
    const wanted = this.#keptBytes === 0 ? length : Math.max(length, this.#kept.length * 2, MIN_CAPACITY);
    const grown = Buffer.allocUnsafe(Math.min(wanted, Math.max(length, this.#maxBytes)));
    this.#kept.copy(grown, 0, 0, this.#keptBytes);
    this.#kept = grown;
  }
}

/** RFC 6455 §5.3: byte i is XORed with byte i mod 4 of the mask. */
export function unmask(
  bytes: Buffer,
  start: number,
  end: number,
  mask: number,
  position: number,
  target: Buffer,
  targetStart: number,
): void {
  for (let i = 0; i < end - start; i++) {
    target[targetStart + i] = (bytes[start + i] ?? 0) ^ (mask >>> (8 * ((position + i) & 3)));
  }
}
