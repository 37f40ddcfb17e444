// SPDX-License-Identifier: Apache-2.0
import { MAX_STARTUP_BYTES } from './constants.js';
import { isPossible, type Sender } from './message-rules.js';

const NO_BYTES = Buffer.alloc(0);

export interface Message {
  /** One character; empty for a startup packet. */
  readonly type: string;
  /** As much as was asked for, up to the first byte that was not captured. Borrowed. */
  readonly payload: Buffer;
  /** Of the whole payload. */
  readonly size: number;
  /** When its first and its last byte came. */
  readonly startNs: number;
  readonly endNs: number;
}

export interface MessageListener {
  /** How much of a payload is of interest: its first bytes are kept. */
  wants(type: string, size: number): number;
  message(message: Message): void;
  /** What stands in place of a message where a server answers a request for encryption. */
  answer(byte: number): void;
}

/**
 * What comes next: messages with a type, startup packets without one, or the one byte that answers a request for
 * encryption.
 */
export type Framing = 'typed' | 'startup' | 'answer';

/** Cuts one direction into messages. Of a payload it holds no more than its listener wants. */
export class MessageReader {
  framing: Framing = 'typed';
  readonly #sender: Sender;
  readonly #listener: MessageListener;
  readonly #head = Buffer.alloc(5);
  #headBytes = 0;
  #type = '';
  #size = 0;
  /** Bytes of the payload that are to come; negative between messages. */
  #left = -1;
  #kept = NO_BYTES;
  #keptBytes = 0;
  #wanted = 0;
  #startNs = 0;

  constructor(sender: Sender, listener: MessageListener) {
    this.#sender = sender;
    this.#listener = listener;
  }

  /** The offset from which on the bytes are no messages, or their number. */
  feed(bytes: Buffer, timestampNs: number): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.framing === 'answer' && this.#left < 0 && this.#headBytes === 0) {
        this.framing = 'typed';
        const byte = bytes[at] ?? 0;
        this.#listener.answer(byte);
        // A server that does not know the question answers with an ErrorResponse.
        if (byte !== 0x45) at += 1;
      } else if (this.#left < 0) {
        const next = this.#readHead(bytes, at, timestampNs);
        if (next < 0) return at;
        at = next;
      } else {
        at = this.#readPayload(bytes, at, timestampNs);
      }
    }
    return at;
  }

  /** Whether the message that is read has so many bytes left. If not, nobody knows where the next one begins. */
  hasLeft(length: number): boolean {
    return this.#left >= length;
  }

  /** Bytes of the message that were not captured, no more than it has left. */
  gap(length: number, timestampNs: number): void {
    this.#wanted = this.#keptBytes;
    this.#left -= length;
    if (this.#left === 0) this.#finish(this.#kept.subarray(0, this.#keptBytes), timestampNs);
  }

  /** Forgets the message that has begun. */
  reset(): void {
    this.#headBytes = 0;
    this.#left = -1;
    this.#release();
  }

  #readHead(bytes: Buffer, start: number, timestampNs: number): number {
    const isStartup = this.framing === 'startup';
    const headBytes = isStartup ? 4 : 5;
    if (this.#headBytes === 0) this.#startNs = timestampNs;
    const end = Math.min(bytes.length, start + headBytes - this.#headBytes);
    for (let at = start; at < end; at++) this.#head[this.#headBytes++] = bytes[at] ?? 0;
    if (this.#headBytes < headBytes) return end;
    this.#headBytes = 0;
    const length = this.#head.readUInt32BE(headBytes - 4);
    const type = this.#head[0] ?? 0;
    const isRight = isStartup ? length >= 8 && length <= MAX_STARTUP_BYTES : isPossible(this.#sender, type, length);
    if (!isRight) return -1;
    this.#type = isStartup ? '' : String.fromCharCode(type);
    this.#size = length - 4;
    this.#left = this.#size;
    this.#wanted = Math.min(this.#size, this.#listener.wants(this.#type, this.#size));
    if (this.#left === 0) this.#finish(NO_BYTES, timestampNs);
    return end;
  }

  #readPayload(bytes: Buffer, start: number, timestampNs: number): number {
    const end = Math.min(bytes.length, start + this.#left);
    const isWhole = this.#left === this.#size && end - start === this.#size;
    this.#left -= end - start;
    if (isWhole) {
      this.#finish(bytes.subarray(start, start + this.#wanted), timestampNs);
    } else {
      this.#keep(bytes, start, Math.min(end, start + this.#wanted - this.#keptBytes));
      if (this.#left === 0) this.#finish(this.#kept.subarray(0, this.#keptBytes), timestampNs);
    }
    return end;
  }

  /** Grows by doubling, so every byte is moved a constant number of times. */
  #keep(bytes: Buffer, start: number, end: number): void {
    if (end <= start) return;
    const length = this.#keptBytes + end - start;
    if (length > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#wanted, Math.max(length, this.#kept.length * 2)));
      this.#kept.copy(grown, 0, 0, this.#keptBytes);
      this.#kept = grown;
    }
    bytes.copy(this.#kept, this.#keptBytes, start, end);
    this.#keptBytes = length;
  }

  #finish(payload: Buffer, endNs: number): void {
    const message = {
      type: this.#type,
      payload,
      size: this.#size,
      startNs: this.#startNs,
      endNs,
    };
    this.#left = -1;
    this.#release();
    this.#listener.message(message);
  }

  #release(): void {
    this.#kept = NO_BYTES;
    this.#keptBytes = 0;
  }
}
