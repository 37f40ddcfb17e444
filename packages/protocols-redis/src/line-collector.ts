// SPDX-License-Identifier: Apache-2.0
import { latin1 } from '@flowtap/core';
import { LF } from './constants.js';

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Gathers a line that may arrive in pieces. The usual one lies in one chunk and is read where it is. */
export class LineCollector {
  readonly #maxBytes: number;
  #kept = NO_BYTES;
  #keptBytes = 0;
  /** The line, once it is whole: byte for byte, without its line feed. */
  line: string | undefined;
  isTooLong = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Answers the place behind what belongs to the line. */
  take(bytes: Buffer, start: number): number {
    const limit = Math.min(bytes.length, start + this.#maxBytes - this.#keptBytes);
    let at = start;
    while (at < limit && bytes[at] !== LF) at++;
    if (at === limit) {
      this.isTooLong = limit < bytes.length;
      this.#keep(bytes, start, at);
      return at;
    }
    if (this.#keptBytes === 0) {
      this.line = latin1(bytes, start, at);
    } else {
      this.#keep(bytes, start, at);
      this.line = latin1(this.#kept, 0, this.#keptBytes);
    }
    return at + 1;
  }

  reset(): void {
    this.line = undefined;
    this.isTooLong = false;
    this.#kept = NO_BYTES;
    this.#keptBytes = 0;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const length = this.#keptBytes + end - start;
    if (length > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(64, length, this.#kept.length * 2)));
      this.#kept.copy(grown, 0, 0, this.#keptBytes);
      this.#kept = grown;
    }
    bytes.copy(this.#kept, this.#keptBytes, start, end);
    this.#keptBytes = length;
  }
}
