// SPDX-License-Identifier: Apache-2.0
import { PROBE_BYTES } from './constants.js';
import { readChain } from './message-chain.js';
import type { Sender } from './message-rules.js';

const NO_BYTES: Buffer = Buffer.alloc(0);
/** ReadyForQuery, before its last byte: the end of every answer. */
const READY = Buffer.from('Z\0\0\0\x05', 'latin1');
const STATES: ReadonlySet<number | undefined> = new Set(Buffer.from('ITE'));

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
  /** What a call began with, and may turn out to be messages. */
  #begun = NO_BYTES;
  /** The last bytes that were passed over: the end of an answer may begin in them. */
  #passed = NO_BYTES;

  /** @param sender of the direction; where it is not known, the messages tell */
  constructor(sender: Sender | undefined) {
    this.#senders = sender === undefined ? ['client', 'server'] : [sender];
  }

  feed(bytes: Buffer): Boundary | undefined {
    const begun = this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes]);
    const found = this.#at(begun) ?? (begun === bytes ? undefined : this.#at(bytes)) ?? this.#atReady(bytes);
    if (found === undefined) {
      this.#keep(begun, bytes);
      return undefined;
    }
    this.skippedBytes += Math.max(0, begun.length - found.bytes.length);
    this.#forget();
    return found;
  }

  gap(): void {
    this.skippedBytes += this.#begun.length;
    this.#forget();
  }

  /** Bytes that were passed over, and those that wait for more. */
  end(): number {
    this.gap();
    return this.skippedBytes;
  }

  #at(bytes: Buffer): Boundary | undefined {
    const sender = this.#senders.find((each) => readChain(bytes, each) === 'certain');
    return sender && { sender, bytes };
  }

  #atReady(bytes: Buffer): Boundary | undefined {
    if (!this.#senders.includes('server')) return undefined;
    // One that lies across two calls, without a copy of all bytes at each look.
    const before = lastBytes(this.#begun.length > 0 ? this.#begun : this.#passed);
    const edge = before.length === 0 ? -1 : readyIn(Buffer.concat([before, bytes.subarray(0, READY.length)]));
    if (edge >= 0 && edge < before.length) {
      return { sender: 'server', bytes: Buffer.concat([before.subarray(edge), bytes]) };
    }
    const at = readyIn(bytes);
    return at < 0 ? undefined : { sender: 'server', bytes: bytes.subarray(at) };
  }

  #keep(begun: Buffer, bytes: Buffer): void {
    const open = [begun, bytes].find(
      (each) => each.length < PROBE_BYTES && this.#senders.some((sender) => readChain(each, sender) === 'open'),
    );
    this.skippedBytes += begun.length - (open?.length ?? 0);
    if (open === undefined) this.#passed = Buffer.from(lastBytes(Buffer.concat([this.#passed, lastBytes(begun)])));
    this.#begun = open === undefined ? NO_BYTES : Buffer.from(open);
  }

  #forget(): void {
    this.#begun = NO_BYTES;
    this.#passed = NO_BYTES;
  }
}

function lastBytes(bytes: Buffer): Buffer {
  return bytes.subarray(Math.max(0, bytes.length - READY.length));
}

/** Where a whole ReadyForQuery begins; negative where there is none. */
function readyIn(bytes: Buffer): number {
  let at = bytes.indexOf(READY);
  while (at >= 0 && !STATES.has(bytes[at + READY.length])) at = bytes.indexOf(READY, at + 1);
  return at;
}
