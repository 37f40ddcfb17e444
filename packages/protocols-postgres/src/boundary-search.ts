// SPDX-License-Identifier: Apache-2.0
import { PROBE_BYTES } from './constants.js';
import { readChain } from './message-chain.js';
import type { Sender } from './message-rules.js';

const NO_BYTES = Buffer.alloc(0);
/** ReadyForQuery, before its last byte: the end of every answer. */
const READY = Buffer.from('Z\0\0\0\x05', 'latin1');
const STATES = 'ITE';

/** Where messages begin again, and what has come of them. */
export interface Boundary {
  readonly sender: Sender;
  /** Borrowed. */
  readonly bytes: Buffer;
}

/**
 * Looks for a message where nobody knows where one begins: at the beginning of what a call transferred, which most often is
 * one, or, from the server, at the end of an answer.
 */
export class BoundarySearch {
  skippedBytes = 0;
  readonly #senders: readonly Sender[];
  #kept = NO_BYTES;

  /** @param sender of the direction; where it is not known, the messages tell */
  constructor(sender: Sender | undefined) {
    this.#senders = sender === undefined ? ['client', 'server'] : [sender];
  }

  feed(bytes: Buffer): Boundary | undefined {
    const isFirst = this.#kept.length === 0;
    const joined = isFirst ? bytes : Buffer.concat([this.#kept, bytes]);
    const found = this.#at(joined, 0) ?? (isFirst ? undefined : this.#at(bytes, 0)) ?? this.#atReady(joined);
    if (found !== undefined) {
      this.skippedBytes += joined.length - found.bytes.length;
      this.#kept = NO_BYTES;
      return found;
    }
    this.#keep(joined, bytes);
    return undefined;
  }

  gap(): void {
    this.skippedBytes += this.#kept.length;
    this.#kept = NO_BYTES;
  }

  /** Bytes that were passed over, and those that wait for more. */
  end(): number {
    this.gap();
    return this.skippedBytes;
  }

  #at(bytes: Buffer, start: number): Boundary | undefined {
    const sender = this.#senders.find((each) => readChain(bytes, start, each) === 'certain');
    return sender && { sender, bytes: bytes.subarray(start) };
  }

  #atReady(bytes: Buffer): Boundary | undefined {
    if (!this.#senders.includes('server')) return undefined;
    for (let at = bytes.indexOf(READY); at >= 0; at = bytes.indexOf(READY, at + 1)) {
      const state = bytes[at + READY.length];
      if (state === undefined) return undefined;
      if (STATES.includes(String.fromCharCode(state))) return { sender: 'server', bytes: bytes.subarray(at) };
    }
    return undefined;
  }

  /** Keeps what may be the beginning of messages, or of the end of an answer. */
  #keep(joined: Buffer, bytes: Buffer): void {
    const whole = [joined, bytes].find(
      (each) => each.length < PROBE_BYTES && this.#senders.some((sender) => readChain(each, 0, sender) === 'open'),
    );
    const kept = whole ?? joined.subarray(Math.max(0, joined.length - READY.length));
    this.skippedBytes += joined.length - kept.length;
    this.#kept = Buffer.from(kept);
  }
}
