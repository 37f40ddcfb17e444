// SPDX-License-Identifier: Apache-2.0
import { assertNever, type Direction, type FlowGap, type StreamGap } from '@flowtap/core';
import { Flag, FrameType, PREFACE } from '../constants.js';
import { DEFAULT_MAX_FRAME_SIZE, LARGEST_FRAME_SIZE, MAX_CONTROL_PAYLOAD } from '../limits.js';
import { BoundarySearch, type FoundPiece, type SearchPlace } from './boundary-search.js';
import { FRAME_HEADER_BYTES, FrameHeader, isAllowed } from './frame-header.js';

/** Hears of the frames of one direction, in order. Bytes are borrowed until the call returns. */
export interface FrameListener {
  /** RFC 9113 §3.4: this direction is the client's, and this is its beginning. */
  preface(reader: FrameReader): void;
  /** A frame other than DATA, with its payload; `undefined` when that was not captured or is longer than is kept. */
  frame(reader: FrameReader, header: FrameHeader, payload: Buffer | undefined, start: number): void;
  /** Content of a DATA frame, without padding, in pieces. */
  content(reader: FrameReader, header: FrameHeader, bytes: Buffer, start: number, end: number): void;
  contentGap(reader: FrameReader, header: FrameHeader, gap: FlowGap): void;
  contentEnd(reader: FrameReader, header: FrameHeader): void;
  /** Frames were missed: bytes that were not captured, or that are no frames. */
  lost(reader: FrameReader, gap: FlowGap | undefined): void;
}

/**
 *     start ──▶ head ──▶ padding ──▶ data ──▶ head        search: where a frame begins is not known
 *       │         ├────▶ collect ────────────▶ head
 *       ▼         └────▶ skip ───────────────▶ head
 *     preface ──▶ head
 */
type State = 'start' | 'preface' | 'head' | 'padding' | 'data' | 'collect' | 'skip' | 'search';

/** Cuts one direction into frames (RFC 9113 §4). Keeps no borrowed bytes, and no DATA. */
export class FrameReader {
  readonly direction: Direction;
  /** What the other side allows (SETTINGS_MAX_FRAME_SIZE). */
  maxFrameSize: number;
  #state: State;
  readonly #listener: FrameListener;
  /** Longest header block fragment that is kept. */
  readonly #maxFragment: number;
  readonly #search = new BoundarySearch();
  readonly #header = new FrameHeader();
  readonly #headBytes = Buffer.alloc(FRAME_HEADER_BYTES);
  #headLength = 0;
  #prefaceLength = 0;
  /** Bytes of the payload that are still to come; of DATA: of its content. */
  #remaining = 0;
  /** Padding that is still to come. */
  #padding = 0;
  #collected: Buffer | undefined;
  #collectedLength = 0;
  /** Nothing was read yet. */
  #isUntouched = true;

  constructor(direction: Direction, listener: FrameListener, joinedLate: boolean, maxHeaderBytes: number) {
    this.direction = direction;
    this.#listener = listener;
    this.#maxFragment = maxHeaderBytes + 256 + FRAME_HEADER_BYTES;
    this.#state = joinedLate ? 'search' : 'start';
    this.maxFrameSize = joinedLate ? LARGEST_FRAME_SIZE : DEFAULT_MAX_FRAME_SIZE;
  }

  /** Time of the chunk that is being read. */
  get nowNs(): number {
    return this.#header.endNs;
  }

  get isUntouched(): boolean {
    return this.#isUntouched;
  }

  /** Bytes among which no frame was found. */
  get skippedBytes(): number {
    return this.#search.skippedBytes;
  }

  /** The first byte is a frame's, whatever was thought of the beginning. */
  beginFresh(): void {
    this.#state = 'start';
    this.maxFrameSize = DEFAULT_MAX_FRAME_SIZE;
  }

  feed(bytes: Buffer, timestampNs: number): void {
    const found = this.#read(bytes, timestampNs);
    if (found !== undefined) this.#readAll(found);
  }

  /** Among them frames may be lost again, thousands of times: a list, for the stack would not be deep enough. */
  #readAll(pieces: readonly FoundPiece[]): void {
    const waiting = [...pieces].reverse();
    for (let piece = waiting.pop(); piece !== undefined; piece = waiting.pop()) {
      const found = this.#read(piece.bytes, piece.timestampNs);
      if (found !== undefined) for (const next of [...found].reverse()) waiting.push(next);
    }
  }

  /** To the end, or to where frames are found behind bytes that were no frames. */
  #read(bytes: Buffer, timestampNs: number): readonly FoundPiece[] | undefined {
    this.#header.endNs = timestampNs;
    let position = 0;
    while (position < bytes.length) {
      switch (this.#state) {
        case 'start':
          this.#isUntouched = false;
          this.#state = bytes[position] === PREFACE[0] ? 'preface' : 'head';
          this.#prefaceLength = 0;
          break;
        case 'preface':
          position = this.#readPreface(bytes, position);
          break;
        case 'head':
          position = this.#readHead(bytes, position);
          break;
        case 'padding':
          position = this.#readPadding(bytes, position);
          break;
        case 'data':
          position = this.#readData(bytes, position);
          break;
        case 'collect':
          position = this.#collect(bytes, position);
          break;
        case 'skip':
          position = this.#skip(bytes, position);
          break;
        case 'search':
          return position === 0
            ? this.#searchIn(bytes, timestampNs, 'known')
            : this.#searchIn(bytes.subarray(position), timestampNs, 'anywhere');
        default:
          assertNever(this.#state);
      }
    }
    return undefined;
  }

  gap({ direction, offset, length, reason, timestampNs }: StreamGap): void {
    this.#isUntouched = false;
    this.#header.endNs = timestampNs;
    let taken = 0;
    if (this.#state === 'data') {
      // The frame's length is known, so a gap inside of it hides content but no frame.
      taken = Math.min(length, this.#remaining);
      if (taken > 0) this.#listener.contentGap(this, this.#header, { direction, offset, bytes: taken, reason });
      this.#remaining -= taken;
      if (this.#remaining === 0) this.#endData();
    }
    if (taken < length && (this.#state === 'collect' || this.#state === 'skip')) {
      const rest = Math.min(length - taken, this.#remaining);
      taken += rest;
      this.#remaining -= rest;
      this.#collected = undefined;
      if (this.#state === 'collect') this.#state = 'skip';
      if (this.#remaining === 0) this.#endSkipped();
    }
    if (taken < length) this.#lose({ direction, offset: offset + taken, bytes: length - taken, reason });
  }

  #readPreface(bytes: Buffer, from: number): number {
    const length = Math.min(PREFACE.length - this.#prefaceLength, bytes.length - from);
    const expected = PREFACE.subarray(this.#prefaceLength, this.#prefaceLength + length);
    if (bytes.compare(expected, 0, length, from, from + length) !== 0) {
      this.#lose(undefined);
      return from;
    }
    this.#prefaceLength += length;
    if (this.#prefaceLength === PREFACE.length) {
      this.#state = 'head';
      this.#listener.preface(this);
    }
    return from + length;
  }

  #readHead(bytes: Buffer, from: number): number {
    const header = this.#header;
    let position = from;
    if (this.#headLength === 0 && bytes.length - from >= FRAME_HEADER_BYTES) {
      header.startNs = header.endNs;
      header.parse(bytes, from);
      position += FRAME_HEADER_BYTES;
    } else {
      if (this.#headLength === 0) header.startNs = header.endNs;
      const length = Math.min(FRAME_HEADER_BYTES - this.#headLength, bytes.length - from);
      bytes.copy(this.#headBytes, this.#headLength, from, from + length);
      this.#headLength += length;
      position += length;
      if (this.#headLength < FRAME_HEADER_BYTES) return position;
      this.#headLength = 0;
      header.parse(this.#headBytes, 0);
    }
    if (!isAllowed(header, this.maxFrameSize)) {
      this.#lose(undefined);
      return position;
    }
    return this.#beginPayload(bytes, position);
  }

  #beginPayload(bytes: Buffer, from: number): number {
    const header = this.#header;
    const { length, type } = header;
    this.#remaining = length;
    this.#padding = 0;
    if (type === FrameType.DATA) {
      if (header.has(Flag.PADDED)) {
        this.#state = 'padding';
        if (length === 0) this.#lose(undefined);
        return from;
      }
      this.#state = 'data';
      return length === 0 ? this.#endData(from) : this.#readData(bytes, from);
    }
    if (bytes.length - from >= length) {
      this.#state = 'head';
      this.#listener.frame(this, header, bytes, from);
      return from + length;
    }
    const maxLength = isBlockFrame(type) ? this.#maxFragment : isControlFrame(type) ? MAX_CONTROL_PAYLOAD : 0;
    this.#collected = length <= maxLength ? Buffer.allocUnsafe(length) : undefined;
    this.#collectedLength = 0;
    this.#state = this.#collected === undefined ? 'skip' : 'collect';
    return from;
  }

  /** RFC 9113 §6.1 */
  #readPadding(bytes: Buffer, from: number): number {
    this.#padding = bytes[from] as number;
    this.#remaining -= 1 + this.#padding;
    if (this.#remaining < 0) {
      this.#lose(undefined);
      return from + 1;
    }
    this.#state = 'data';
    return this.#remaining === 0 ? this.#endData(from + 1) : from + 1;
  }

  #readData(bytes: Buffer, from: number): number {
    const end = Math.min(from + this.#remaining, bytes.length);
    if (end > from) this.#listener.content(this, this.#header, bytes, from, end);
    this.#remaining -= end - from;
    return this.#remaining === 0 ? this.#endData(end) : end;
  }

  #endData(position = 0): number {
    this.#remaining = this.#padding;
    this.#state = this.#padding > 0 ? 'skip' : 'head';
    this.#listener.contentEnd(this, this.#header);
    return position;
  }

  #collect(bytes: Buffer, from: number): number {
    const end = Math.min(from + this.#remaining, bytes.length);
    const collected = this.#collected;
    if (collected !== undefined) bytes.copy(collected, this.#collectedLength, from, end);
    this.#collectedLength += end - from;
    this.#remaining -= end - from;
    if (this.#remaining > 0) return end;
    this.#state = 'head';
    this.#collected = undefined;
    this.#listener.frame(this, this.#header, collected, 0);
    return end;
  }

  #skip(bytes: Buffer, from: number): number {
    const end = Math.min(from + this.#remaining, bytes.length);
    this.#remaining -= end - from;
    if (this.#remaining === 0) this.#endSkipped();
    return end;
  }

  /** Behind the padding of DATA, or behind a payload that was not kept. */
  #endSkipped(): void {
    this.#state = 'head';
    if (this.#header.type !== FrameType.DATA) this.#listener.frame(this, this.#header, undefined, 0);
  }

  #searchIn(bytes: Buffer, timestampNs: number, place: SearchPlace): readonly FoundPiece[] | undefined {
    if (bytes.length >= PREFACE.length && bytes.compare(PREFACE, 0, PREFACE.length, 0, PREFACE.length) === 0) {
      this.#search.reset();
      this.#state = 'start';
      return [{ bytes, timestampNs }];
    }
    this.#isUntouched = false;
    const pieces = this.#search.feed(bytes, timestampNs, place);
    if (pieces === undefined) return undefined;
    this.#state = 'head';
    this.#headLength = 0;
    return pieces;
  }

  #lose(gap: FlowGap | undefined): void {
    this.#state = 'search';
    this.#search.reset();
    this.#headLength = 0;
    this.#collected = undefined;
    // What was agreed on may have changed unseen.
    this.maxFrameSize = LARGEST_FRAME_SIZE;
    this.#listener.lost(this, gap);
  }
}

function isBlockFrame(type: number): boolean {
  return type === FrameType.HEADERS || type === FrameType.CONTINUATION || type === FrameType.PUSH_PROMISE;
}

/** Those of which the payload means something here. */
function isControlFrame(type: number): boolean {
  return type === FrameType.SETTINGS || type === FrameType.RST_STREAM || type === FrameType.GOAWAY;
}
