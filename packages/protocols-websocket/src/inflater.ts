// SPDX-License-Identifier: Apache-2.0
import { constants, createInflateRaw, inflateRawSync } from 'node:zlib';
import { decodePrefix, MAX_DECODED_BYTES } from '@flowtap/core';
import type { DeflateParameters } from './extensions.js';

/** RFC 7692 §7.2.1: what the sender leaves out at the end of a message. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const NO_BYTES: Buffer = Buffer.alloc(0);

export interface Inflated {
  readonly bytes: Buffer;
  /** They are the whole message. */
  readonly isWhole: boolean;
}

/**
 * Decompresses the messages of one direction (RFC 7692 §7.2.2).
 *
 * Of the messages before only their last bytes matter, the window, as far as it is known. What refers to bytes before it
 * is refused by zlib, so nothing that comes out is ever wrong: after a loss the window is empty, and messages can be read
 * again from the first one on that refers to none before the loss.
 */
export class Inflater {
  readonly #takesOver: boolean;
  readonly #windowBytes: number;
  #window = NO_BYTES;

  constructor({ takesOver, windowBits }: DeflateParameters) {
    this.#takesOver = takesOver;
    this.#windowBytes = 2 ** windowBits;
  }

  /** A message was not read. */
  lose(): void {
    this.#window = NO_BYTES;
  }

  /** Undefined when nothing of it can be read. `isWhole`: the message ends where the bytes do. */
  inflate(compressed: Buffer, isWhole: boolean): Inflated | undefined {
    const input = isWhole ? Buffer.concat([compressed, TAIL]) : compressed;
    const dictionary = this.#window.length === 0 ? {} : { dictionary: this.#window };
    try {
      const limits = { maxOutputLength: MAX_DECODED_BYTES, finishFlush: constants.Z_SYNC_FLUSH };
      const bytes = inflateRawSync(input, { ...dictionary, ...limits });
      if (isWhole) this.#remember(bytes);
      else this.lose();
      return { bytes, isWhole };
    } catch {
      // Damaged, too large, or it refers to what is not known: what comes before that is right.
      const bytes = decodePrefix(createInflateRaw(dictionary), input, MAX_DECODED_BYTES);
      this.lose();
      return bytes.length === 0 ? undefined : { bytes, isWhole: false };
    }
  }

  #remember(bytes: Buffer): void {
    if (!this.#takesOver) return;
    if (bytes.length >= this.#windowBytes) {
      this.#window = Buffer.from(bytes.subarray(bytes.length - this.#windowBytes));
    } else {
      const kept = Math.min(this.#window.length, this.#windowBytes - bytes.length);
      this.#window = Buffer.concat([this.#window.subarray(this.#window.length - kept), bytes]);
    }
  }
}
