// SPDX-License-Identifier: Apache-2.0
import { assertNever, BodyCollector, type StreamGap } from '@flowtap/core';
import { HEADER_BYTES, MAX_PACKET_BYTES, PROBE_BYTES } from '../constants.js';
import type { Loss, MessageListener } from './message.js';

/**
 *     head ──▶ payload ──▶ head        lost ──the listener knows a beginning, or `resume`──▶ head
 *       └──────────┴── gap, nonsense ──▶ lost
 */
type State = 'head' | 'payload' | 'lost';

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Cuts one direction into messages. Looks at each byte a constant number of times and keeps no borrowed bytes. */
export class PacketReader {
  readonly #listener: MessageListener;
  #state: State;
  readonly #head = Buffer.alloc(HEADER_BYTES);
  #headBytes = 0;
  #packetBytes = 0;
  /** Bytes of the current packet that must still come. */
  #left = 0;
  #isContinued = false;
  #isPaused = false;
  /** The sequence number that the next message must have. */
  #expected: number | undefined;
  #sequence = 0;
  #lastSequence = 0;
  #startNs = 0;
  #collector: BodyCollector | undefined;
  #candidate = NO_BYTES;
  /** Bytes that were passed over because nothing tells what they are. */
  skippedBytes = 0;

  /** `isLost`: the first byte may be in the middle of a message. */
  constructor(listener: MessageListener, isLost: boolean) {
    this.#listener = listener;
    this.#state = isLost ? 'lost' : 'head';
  }

  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /** The listener takes back what follows the message that it is told: `feed` answers where that ended. */
  pause(): void {
    this.#isPaused = true;
  }

  /** The next byte begins a message, which has this sequence number where one is given, or it is passed over. */
  resume(sequence?: number): void {
    this.skippedBytes += this.#headBytes + this.#candidate.length;
    this.#candidate = NO_BYTES;
    this.#reset();
    this.#expected = sequence;
    this.#state = 'head';
  }

  /** @returns how many of the bytes were read: all, unless the listener paused the reader. */
  feed(bytes: Buffer, timestampNs: number): number {
    let at = 0;
    this.#isPaused = false;
    while (at < bytes.length && !this.#isPaused) {
      switch (this.#state) {
        case 'head':
          at = this.#readHead(bytes, at, timestampNs);
          break;
        case 'payload':
          at = this.#readPayload(bytes, at, timestampNs);
          break;
        case 'lost':
          this.#search(at === 0 ? bytes : bytes.subarray(at), timestampNs);
          return bytes.length;
        default:
          assertNever(this.#state);
      }
    }
    return at;
  }

  /** Bytes that cannot be read: they were not captured, or without a gap not decompressed. */
  miss(length: number, timestampNs: number, gap?: StreamGap): void {
    const inPayload = this.#state === 'payload' ? Math.min(length, this.#left) : 0;
    if (inPayload > 0) {
      this.#listener.missing(part(gap, 0, inPayload));
      this.#collector?.skip(inPayload);
      this.#advance(inPayload, timestampNs);
    }
    if (inPayload < length) this.#lose(part(gap, inPayload, length - inPayload));
  }

  /** Where the current message ends cannot be known any more. */
  lose(gap?: StreamGap): void {
    this.#lose(gap === undefined ? 'malformed' : part(gap, 0, gap.length));
  }

  #readHead(bytes: Buffer, start: number, timestampNs: number): number {
    if (this.#headBytes === 0 && !this.#isContinued) this.#startNs = timestampNs;
    if (this.#headBytes === 0 && bytes.length - start >= HEADER_BYTES) {
      return this.#packet(bytes, start, start + HEADER_BYTES, bytes, timestampNs);
    }
    let at = start;
    while (this.#headBytes < HEADER_BYTES && at < bytes.length) this.#head[this.#headBytes++] = bytes[at++] ?? 0;
    if (this.#headBytes < HEADER_BYTES) return at;
    this.#headBytes = 0;
    return this.#packet(this.#head, 0, at, bytes, timestampNs);
  }

  /** A header lies in `head`, the payload begins in `bytes`. */
  #packet(head: Buffer, start: number, from: number, bytes: Buffer, timestampNs: number): number {
    const length = head.readUIntLE(start, 3);
    const sequence = head[start + 3] ?? 0;
    if (this.#isContinued) {
      if (sequence !== ((this.#lastSequence + 1) & 0xff)) {
        this.#lose('malformed');
        return from;
      }
    } else {
      if (this.#expected !== undefined && sequence !== this.#expected) {
        // Where messages begin was a conclusion that does not hold: nothing new was lost.
        this.#reset();
        this.#expected = undefined;
        this.#state = 'lost';
        this.skippedBytes += HEADER_BYTES;
        return from;
      }
      this.#expected = undefined;
      this.#sequence = sequence;
    }
    this.#lastSequence = sequence;
    if (!this.#isContinued && length < MAX_PACKET_BYTES && bytes.length - from >= length) {
      const kept = Math.min(length, this.#listener.wantedBytes());
      this.#deliver(bytes.subarray(from, from + kept), length, timestampNs);
      return from + length;
    }
    this.#collector ??= new BodyCollector(this.#listener.wantedBytes(), length);
    this.#packetBytes = length;
    this.#left = length;
    this.#state = 'payload';
    if (length === 0) this.#advance(0, timestampNs);
    return from;
  }

  #readPayload(bytes: Buffer, start: number, timestampNs: number): number {
    const end = Math.min(bytes.length, start + this.#left);
    this.#collector?.append(bytes, start, end);
    this.#advance(end - start, timestampNs);
    return end;
  }

  #advance(length: number, timestampNs: number): void {
    this.#left -= length;
    if (this.#left > 0) return;
    this.#state = 'head';
    this.#isContinued = this.#packetBytes === MAX_PACKET_BYTES;
    const collector = this.#collector;
    if (this.#isContinued || collector === undefined) return;
    this.#collector = undefined;
    this.#deliver(collector.view(), collector.size, timestampNs);
  }

  #deliver(payload: Buffer, size: number, endNs: number): void {
    const sequence = this.#sequence;
    this.#listener.message({ sequence, payload, size, startNs: this.#startNs, endNs });
  }

  #lose(loss: Loss): void {
    this.skippedBytes += this.#headBytes + this.#candidate.length;
    this.#candidate = NO_BYTES;
    this.#reset();
    this.#expected = undefined;
    this.#state = 'lost';
    this.#listener.lost(loss);
  }

  #reset(): void {
    this.#headBytes = 0;
    this.#left = 0;
    this.#isContinued = false;
    this.#collector = undefined;
  }

  /** A chunk is what one call wrote or read: a message often begins with it, and only there it is looked for. */
  #search(chunk: Buffer, timestampNs: number): void {
    const known = this.#candidate.length;
    const bytes = known === 0 ? chunk : Buffer.concat([this.#candidate, chunk]);
    const beginning = this.#listener.begins(bytes.subarray(0, PROBE_BYTES));
    this.#candidate = NO_BYTES;
    if (beginning === 'yes') {
      this.#state = 'head';
      this.feed(bytes, timestampNs);
    } else if (beginning === 'more' && bytes.length < PROBE_BYTES) {
      this.#candidate = known === 0 ? Buffer.from(chunk) : bytes;
    } else {
      this.skippedBytes += known;
      if (known > 0) this.#search(chunk, timestampNs);
      else this.skippedBytes += chunk.length;
    }
  }
}

function part(gap: StreamGap | undefined, from: number, bytes: number): Loss {
  if (gap === undefined) return 'undecodable';
  const { direction, offset, reason } = gap;
  return { direction, offset: offset + from, bytes, reason };
}
