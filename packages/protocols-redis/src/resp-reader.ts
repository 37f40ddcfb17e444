// SPDX-License-Identifier: Apache-2.0
import { assertNever, type Direction, type FlowGap, type StreamChunk, type StreamGap } from '@flowtap/core';
import { CR, LF, Type } from './constants.js';
import { Levels } from './levels.js';
import { LineCollector } from './line-collector.js';
import type { RespListener } from './resp-listener.js';
import { isAggregate, isLine } from './resp-shape.js';
import type { Resync } from './resync.js';

/** Numbers and lengths are shorter. */
const MAX_LINE_BYTES = 64;
/** Redis reads no longer ones (PROTO_INLINE_MAX_SIZE). */
const MAX_INLINE_BYTES = 65_536;
const LINE_END_BYTES = 2;

/**
 *     type ──▶ line ──▶ content ──▶ line-end ──▶ type        lost ──a head that is certain──▶ type
 *       ├────▶ text ─────────────▶ line-end                   ▲
 *       └────▶ inline ──▶ type                                └── a gap outside of content, nonsense
 */
type State = 'type' | 'line' | 'text' | 'inline' | 'content' | 'line-end' | 'lost' | 'stopped';

export interface RespReaderOptions {
  /** The direction of the client, which sends arrays of bulk strings, and lines. */
  readonly takesCommands: boolean;
  /** The first byte may be in the middle of a message. */
  readonly isLost: boolean;
  readonly resync: Resync;
}

/** Cuts one direction into values. Looks at each byte a constant number of times and keeps no borrowed bytes. */
export class RespReader {
  readonly #direction: Direction;
  readonly #listener: RespListener;
  readonly #resync: Resync;
  readonly #takesCommands: boolean;
  readonly #levels: Levels;
  readonly #line = new LineCollector(MAX_LINE_BYTES);
  readonly #inline = new LineCollector(MAX_INLINE_BYTES);
  #state: State;
  #isInMessage = false;
  #startOffset = 0;
  /** Offset of the first byte of the chunk that is being read, and its length. */
  #chunkOffset = 0;
  #chunkBytes = 0;
  #type = 0;
  #contentLeft = 0;
  #lineEndLeft = 0;
  /** Between the chunks of a streamed string. */
  #isStringStreamed = false;
  #unreadBytes = 0;

  constructor(direction: Direction, listener: RespListener, options: RespReaderOptions) {
    this.#direction = direction;
    this.#listener = listener;
    this.#takesCommands = options.takesCommands;
    this.#resync = options.resync;
    this.#state = options.isLost ? 'lost' : 'type';
    this.#levels = new Levels(() => listener.close());
  }

  /** Bytes that were passed over: nothing tells what they are, or they are no RESP. */
  get skippedBytes(): number {
    return this.#resync.skippedBytes + this.#unreadBytes;
  }

  get isInMessage(): boolean {
    return this.#isInMessage;
  }

  feed({ bytes: chunk, offset, timestampNs }: StreamChunk): void {
    let bytes = chunk;
    let at = 0;
    this.#place(offset, bytes.length);
    while (at < bytes.length) {
      switch (this.#state) {
        case 'type':
          at = this.#readType(bytes, at, timestampNs);
          break;
        case 'line':
          at = this.#readLine(bytes, at, timestampNs);
          break;
        case 'text':
          at = this.#readText(bytes, at);
          break;
        case 'inline':
          at = this.#readInline(bytes, at, timestampNs);
          break;
        case 'content':
          at = this.#readContent(bytes, at);
          break;
        case 'line-end':
          at = this.#readLineEnd(bytes, at, timestampNs);
          break;
        case 'lost': {
          const found = this.#resync.search(bytes.subarray(at), at === 0);
          if (found === undefined) return;
          this.#place(offset + chunk.length - found.length, found.length);
          this.#state = 'type';
          bytes = found;
          at = 0;
          break;
        }
        case 'stopped':
          this.#unreadBytes += bytes.length - at;
          return;
        default:
          assertNever(this.#state);
      }
    }
  }

  gap({ offset, length, reason, timestampNs }: StreamGap): void {
    if (this.#state === 'stopped') return;
    const direction = this.#direction;
    let at = 0;
    this.#place(offset, length);
    // The length of a bulk string is known, and that a line end follows.
    if (this.#state === 'content') {
      at = Math.min(length, this.#contentLeft);
      this.#listener.stringGap({ direction, offset, bytes: at, reason });
      this.#advanceContent(at);
    }
    while (this.#state === 'line-end' && at < length) this.#advanceLineEnd(++at, timestampNs);
    if (at < length) this.#lose({ direction, offset: offset + at, bytes: length - at, reason }, length);
  }

  /** Nothing of what follows is RESP. */
  stop(): void {
    this.#state = 'stopped';
  }

  /** The stream ends: what is under way does not come to its end. */
  cut(): void {
    if (this.#isInMessage) this.#lose(undefined, this.#chunkBytes);
    this.stop();
  }

  #place(offset: number, length: number): void {
    this.#chunkOffset = offset;
    this.#chunkBytes = length;
  }

  #readType(bytes: Buffer, at: number, timestampNs: number): number {
    const type = bytes[at] ?? 0;
    if (!this.#isInMessage) {
      // Line ends between messages keep a connection alive, or were typed.
      if (type === LF || type === CR) return at + 1;
      this.#isInMessage = true;
      this.#startOffset = this.#chunkOffset + at;
      this.#listener.begin(timestampNs);
    }
    this.#type = type;
    if (this.#takesCommands && type !== (this.#levels.isEmpty ? Type.ARRAY : Type.BULK)) {
      if (!this.#levels.isEmpty) return this.#fail(at);
      this.#inline.reset();
      this.#state = 'inline';
      return at;
    }
    if (type === Type.SIMPLE || type === Type.ERROR || type === Type.BIG_NUMBER) {
      if (this.#isStringStreamed) return this.#fail(at);
      this.#listener.stringBegin(type, undefined);
      this.#state = 'text';
    } else {
      this.#line.reset();
      this.#state = 'line';
    }
    return at + 1;
  }

  #readLine(bytes: Buffer, start: number, timestampNs: number): number {
    const end = this.#line.take(bytes, start);
    const { line, isTooLong } = this.#line;
    if (isTooLong) return this.#fail(end);
    if (line === undefined) return end;
    this.#state = 'type';
    return line.endsWith('\r') && this.#takeLine(line.slice(0, -1), end, timestampNs) ? end : this.#fail(end);
  }

  /** False: there cannot be such a line here. */
  #takeLine(line: string, end: number, timestampNs: number): boolean {
    const type = this.#type;
    const count = parseCount(line);
    if (this.#isStringStreamed) return type === Type.CHUNK && this.#takeChunk(count, end, timestampNs);
    if (type === Type.END) {
      if (line !== '' || !this.#levels.isStreamed) return false;
      this.#endIf(this.#levels.close(), end, timestampNs);
      return true;
    }
    if (type === Type.CHUNK || !isLine(type, line)) return false;
    // A client sends nothing but strings whose length is known.
    if (this.#takesCommands && count === undefined) return false;
    if (line === '-1' && (type === Type.ARRAY || type === Type.BULK)) this.#listener.scalar(Type.NULL, '');
    else if (isAggregate(type)) return this.#takeCount(count, end, timestampNs);
    else if (type === Type.BULK || type === Type.BULK_ERROR || type === Type.VERBATIM) {
      this.#listener.stringBegin(type, count);
      this.#isStringStreamed = count === undefined;
      if (count !== undefined) this.#expectContent(count);
      return true;
    } else this.#listener.scalar(type, line);
    this.#endIf(this.#levels.endValue(), end, timestampNs);
    return true;
  }

  #takeCount(count: number | undefined, end: number, timestampNs: number): boolean {
    if (this.#levels.isFull) return false;
    const type = this.#type;
    const isAttribute = type === Type.ATTRIBUTE;
    const items = count === undefined ? undefined : count * (isAttribute || type === Type.MAP ? 2 : 1);
    this.#listener.open(type, items);
    this.#levels.open(isAttribute, items);
    if (items === 0) this.#endIf(this.#levels.close(), end, timestampNs);
    return true;
  }

  /** A piece of a streamed string; the one without content is the last. */
  #takeChunk(length: number | undefined, end: number, timestampNs: number): boolean {
    if (length === undefined) return false;
    if (length > 0) {
      this.#expectContent(length);
      return true;
    }
    this.#isStringStreamed = false;
    this.#endString(end, timestampNs);
    return true;
  }

  #readText(bytes: Buffer, start: number): number {
    const found = bytes.indexOf(CR, start);
    const end = found === -1 ? bytes.length : found;
    if (end > start) this.#listener.stringPart(bytes, start, end);
    if (found !== -1) this.#expectLineEnd();
    return end;
  }

  #readInline(bytes: Buffer, start: number, timestampNs: number): number {
    const end = this.#inline.take(bytes, start);
    const { line, isTooLong } = this.#inline;
    if (isTooLong) return this.#fail(end);
    if (line === undefined) return end;
    this.#inline.reset();
    this.#state = 'type';
    if (!this.#listener.inline(line)) return this.#fail(end);
    this.#endIf(true, end, timestampNs);
    return end;
  }

  #expectContent(length: number): void {
    this.#contentLeft = length;
    if (length === 0) this.#expectLineEnd();
    else this.#state = 'content';
  }

  #readContent(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#contentLeft);
    this.#listener.stringPart(bytes, start, end);
    this.#advanceContent(end - start);
    return end;
  }

  #advanceContent(length: number): void {
    this.#contentLeft -= length;
    if (this.#contentLeft === 0) this.#expectLineEnd();
  }

  #expectLineEnd(): void {
    this.#lineEndLeft = LINE_END_BYTES;
    this.#state = 'line-end';
  }

  #readLineEnd(bytes: Buffer, at: number, timestampNs: number): number {
    if (bytes[at] !== (this.#lineEndLeft === LINE_END_BYTES ? CR : LF)) return this.#fail(at);
    this.#advanceLineEnd(at + 1, timestampNs);
    return at + 1;
  }

  #advanceLineEnd(end: number, timestampNs: number): void {
    this.#lineEndLeft -= 1;
    if (this.#lineEndLeft > 0) return;
    this.#state = 'type';
    if (!this.#isStringStreamed) this.#endString(end, timestampNs);
  }

  #endString(end: number, timestampNs: number): void {
    this.#listener.stringEnd();
    this.#endIf(this.#levels.endValue(), end, timestampNs);
  }

  #endIf(isEnd: boolean, end: number, timestampNs: number): void {
    if (!isEnd) return;
    this.#isInMessage = false;
    this.#listener.end(this.#size(end), timestampNs);
  }

  /** Bytes of the message up to a place in the chunk. */
  #size(at: number): number {
    return this.#chunkOffset + at - this.#startOffset;
  }

  #fail(at: number): number {
    this.#lose(undefined, at);
    return at;
  }

  #lose(gap: FlowGap | undefined, at: number): void {
    const size = this.#isInMessage ? this.#size(at) : 0;
    this.#isInMessage = false;
    this.#levels.reset();
    this.#inline.reset();
    this.#isStringStreamed = false;
    this.#state = 'lost';
    this.#resync.begin(gap !== undefined);
    this.#listener.lost(gap, size);
  }
}

/** A length or a count; undefined when it is none. */
function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
