// SPDX-License-Identifier: Apache-2.0
import { assertNever, type Direction, type FlowGap, type StreamGap } from '@flowtap/core';
import { PROBE_BYTES } from './constants.js';
import { readFrameChain } from './frame-chain.js';
import { type FrameHeader, MAX_HEADER_BYTES, parseFrameHeader } from './frame-header.js';

/** Hears what a reader finds: synchronously and in wire order. */
export interface FrameListener {
  /** False: there cannot be such a frame here. */
  frame(header: FrameHeader, timestampNs: number): boolean;
  /** `position`: of the first byte within the payload. */
  payload(bytes: Buffer, start: number, end: number, position: number): void;
  /** A gap within the payload. */
  payloadGap(gap: FlowGap): void;
  frameEnd(timestampNs: number): void;
  /** Frames may have been missed; without a gap the bytes were there and made no sense. */
  lost(gap: FlowGap | undefined): void;
}

/**
 *     head ──▶ payload ──▶ head        lost ──frames that follow one another──▶ head
 *       └──────────┴── gap, nonsense ──▶ lost
 */
type State = 'head' | 'payload' | 'lost' | 'stopped';

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Cuts one direction into frames. Looks at each byte a constant number of times and keeps no borrowed bytes. */
export class FrameReader {
  readonly #direction: Direction;
  readonly #listener: FrameListener;
  #state: State;
  /** A head that arrives in pieces. */
  readonly #head = Buffer.alloc(MAX_HEADER_BYTES);
  #headBytes = 0;
  #length = 0;
  #position = 0;
  /** Bytes from a place that may be the beginning of a frame. */
  #candidate = NO_BYTES;
  /** Bytes that were passed over because nothing tells what they are. */
  skippedBytes = 0;

  /** `joinedLate`: the first byte may be in the middle of a frame. */
  constructor(direction: Direction, listener: FrameListener, joinedLate: boolean) {
    this.#direction = direction;
    this.#listener = listener;
    this.#state = joinedLate ? 'lost' : 'head';
  }

  feed(bytes: Buffer, timestampNs: number): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'head':
          at = this.#readHead(bytes, at, timestampNs);
          break;
        case 'payload':
          at = this.#readPayload(bytes, at, timestampNs);
          break;
        case 'lost':
          this.#search(at === 0 ? bytes : bytes.subarray(at), timestampNs);
          return;
        case 'stopped':
          return;
        default:
          assertNever(this.#state);
      }
    }
  }

  gap({ offset, length, reason, timestampNs }: StreamGap): void {
    if (this.#state === 'stopped') return;
    const direction = this.#direction;
    const inPayload = this.#state === 'payload' ? Math.min(length, this.#length - this.#position) : 0;
    if (inPayload > 0) {
      this.#listener.payloadGap({ direction, offset, bytes: inPayload, reason });
      this.#advance(inPayload, timestampNs);
      if (inPayload === length) return;
    }
    this.#lose({ direction, offset: offset + inPayload, bytes: length - inPayload, reason });
  }

  /** Nothing of what follows is a frame. */
  stop(): void {
    this.#state = 'stopped';
  }

  #readHead(bytes: Buffer, start: number, timestampNs: number): number {
    let header: FrameHeader | undefined;
    let end = start;
    if (this.#headBytes === 0) {
      // The usual case: the head lies in one chunk and is read where it is.
      header = parseFrameHeader(bytes, start, bytes.length);
      if (header !== undefined) end = start + header.headerBytes;
    }
    while (header === undefined && end < bytes.length) {
      this.#head[this.#headBytes++] = bytes[end++] ?? 0;
      header = parseFrameHeader(this.#head, 0, this.#headBytes);
    }
    if (header === undefined) return end;
    this.#headBytes = 0;
    if (!this.#listener.frame(header, timestampNs)) {
      this.#lose(undefined);
      return end;
    }
    this.#length = header.length;
    this.#position = 0;
    this.#state = 'payload';
    if (header.length === 0) this.#endFrame(timestampNs);
    return end;
  }

  #readPayload(bytes: Buffer, start: number, timestampNs: number): number {
    const end = Math.min(bytes.length, start + this.#length - this.#position);
    this.#listener.payload(bytes, start, end, this.#position);
    this.#advance(end - start, timestampNs);
    return end;
  }

  #advance(length: number, timestampNs: number): void {
    this.#position += length;
    if (this.#position === this.#length) this.#endFrame(timestampNs);
  }

  #endFrame(timestampNs: number): void {
    this.#state = 'head';
    this.#listener.frameEnd(timestampNs);
  }

  #lose(gap: FlowGap | undefined): void {
    this.skippedBytes += this.#headBytes + this.#candidate.length;
    this.#headBytes = 0;
    this.#candidate = NO_BYTES;
    this.#state = 'lost';
    this.#listener.lost(gap);
  }

  /**
   * A chunk is what one call wrote or read: a frame often begins with it, and only there it is looked for. Whether one
   * does, the bytes themselves must show.
   */
  #search(chunk: Buffer, timestampNs: number): void {
    const known = this.#candidate.length;
    const bytes = known === 0 ? chunk : Buffer.concat([this.#candidate, chunk]);
    const verdict = readFrameChain(bytes, 0, Math.min(bytes.length, PROBE_BYTES));
    if (verdict === 'certain') {
      this.#candidate = NO_BYTES;
      this.#state = 'head';
      this.feed(bytes, timestampNs);
    } else if (verdict === 'open' && bytes.length < PROBE_BYTES) {
      this.#candidate = known === 0 ? Buffer.from(chunk) : bytes;
    } else {
      this.#candidate = NO_BYTES;
      this.skippedBytes += known;
      if (known > 0) this.#search(chunk, timestampNs);
      else this.skippedBytes += chunk.length;
    }
  }
}
