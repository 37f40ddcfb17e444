// SPDX-License-Identifier: Apache-2.0
import type { ServerSentEvent } from './flow-message.js';
import { HttpBody } from './http-body.js';
import { MessageList } from './message-list.js';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const NO_BYTES: Buffer = Buffer.alloc(0);

/** Of the name of an event and of its id so many bytes are kept. */
const MAX_NAME_BYTES = 1024;

/** The events of a response whose type is text/event-stream. */
export interface EventStream {
  /** In order. Of many events the first ones are listed, of much data the first bytes are kept. */
  readonly events: readonly ServerSentEvent[];
  /** Events that passed, listed or not. */
  readonly eventCount: number;
  /** Bytes were missed that may have held further events, or parts of them. */
  readonly eventsLost?: true;
}

/** Whether a Content-Type is that of an event stream, whatever its parameters. */
export function isEventStream(contentType: string | undefined): boolean {
  return contentType !== undefined && /^text\/event-stream(?:[\s;]|$)/i.test(contentType);
}

export interface EventStreamOptions {
  /** Start of the flow. */
  readonly startNs: number;
  /** Bytes of the data of one event, and of all that are listed together. */
  readonly maxBytes: number;
  readonly onEvent: (event: ServerSentEvent) => void;
}

/**
 * Finds the events in a body as it comes (WHATWG HTML §9.2.6, Interpreting an event stream). Looks at each byte a constant
 * number of times and keeps no borrowed bytes.
 */
export class EventStreamReader {
  readonly #options: EventStreamOptions;
  readonly #list: MessageList<ServerSentEvent>;
  #line = new KeptBytes();
  #data = new KeptBytes();
  #hasData = false;
  #name = '';
  #id: string | undefined;
  /** The last byte was a CR: a LF behind it belongs to it. */
  #isAfterCr = false;
  #isFirstLine = true;
  /** `line`: the beginning of the line was missed. `event`: an earlier line of the event was. */
  #missing: 'nothing' | 'line' | 'event' = 'nothing';
  #isLost = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#list = new MessageList(options.maxBytes);
  }

  append(bytes: Buffer, start: number, end: number, timestampNs: number): void {
    let from = start;
    if (this.#isAfterCr && from < end) {
      this.#isAfterCr = false;
      if (bytes[from] === LF) from += 1;
    }
    for (let at = from; at < end; at++) {
      const byte = bytes[at];
      if (byte !== LF && byte !== CR) continue;
      this.#line.append(bytes, from, at, this.#options.maxBytes);
      this.#endLine(timestampNs);
      if (byte === CR) {
        if (at + 1 === end) this.#isAfterCr = true;
        else if (bytes[at + 1] === LF) at += 1;
      }
      from = at + 1;
    }
    if (from < end) this.#line.append(bytes, from, end, this.#options.maxBytes);
  }

  /** Bytes that were not captured: the event that they are in, and where it ends, is not known any more. */
  skip(): void {
    this.#isLost = true;
    this.#missing = 'line';
    this.#line = new KeptBytes();
    this.#isAfterCr = false;
    this.#isFirstLine = false;
    this.#reset();
  }

  /** Offsets are from that start, which may be another one than was thought at first. */
  toEventStream(flowStartNs: number): EventStream {
    const shiftMs = (this.#options.startNs - flowStartNs) / 1e6;
    const events = this.#list.messages.map((event) =>
      shiftMs === 0 ? event : { ...event, offsetMs: Math.max(0, event.offsetMs + shiftMs) },
    );
    return { events, eventCount: this.#list.count, ...(this.#isLost ? { eventsLost: true } : {}) };
  }

  #endLine(timestampNs: number): void {
    const line = this.#line;
    this.#line = new KeptBytes();
    const isFirst = this.#isFirstLine;
    this.#isFirstLine = false;
    if (this.#missing === 'line') {
      this.#missing = 'event';
    } else if (line.size === 0) {
      if (this.#missing === 'nothing') this.#dispatch(timestampNs);
      this.#missing = 'nothing';
    } else if (this.#missing === 'nothing') {
      this.#field(line, isFirst);
    }
  }

  #field(line: KeptBytes, isFirst: boolean): void {
    let bytes = line.view();
    if (isFirst && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) bytes = bytes.subarray(3);
    const colon = bytes.indexOf(COLON);
    const name = bytes.toString('latin1', 0, colon === -1 ? bytes.length : colon);
    const start = colon === -1 ? bytes.length : bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
    switch (name) {
      case 'data': {
        if (this.#hasData) this.#data.append(LINE_FEED, 0, 1, this.#options.maxBytes);
        this.#data.append(bytes, start, bytes.length, this.#options.maxBytes);
        if (line.size > line.view().length) this.#data.cut(line.size - line.view().length);
        this.#hasData = true;
        return;
      }
      case 'event':
        this.#name = bytes.toString('utf8', start, Math.min(bytes.length, start + MAX_NAME_BYTES));
        return;
      case 'id': {
        const id = bytes.toString('utf8', start, Math.min(bytes.length, start + MAX_NAME_BYTES));
        if (!id.includes('\0')) this.#id = id;
        return;
      }
      default:
        // A comment, `retry`, or a name that nobody knows.
        return;
    }
  }

  #dispatch(timestampNs: number): void {
    const { startNs, onEvent } = this.#options;
    if (this.#hasData) {
      const { size } = this.#data;
      const bytes = this.#data.take();
      const event: ServerSentEvent = {
        type: 'event',
        sender: 'server',
        offsetMs: Math.max(0, timestampNs - startNs) / 1e6,
        event: this.#name === '' ? 'message' : this.#name,
        ...(this.#id === undefined || this.#id === '' ? {} : { id: this.#id }),
        content: size === 0 ? HttpBody.empty : new HttpBody({ size, truncated: bytes.length < size, bytes }),
      };
      this.#list.add(event);
      onEvent(event);
    }
    this.#reset();
  }

  #reset(): void {
    this.#data = new KeptBytes();
    this.#hasData = false;
    this.#name = '';
  }
}

const LINE_FEED = Buffer.from([LF]);
const MIN_CAPACITY = 64;

/** Bytes that arrive in pieces: a prefix of them, and how many there were. */
class KeptBytes {
  size = 0;
  #kept = NO_BYTES;
  #keptBytes = 0;
  #isCut = false;

  append(bytes: Buffer, start: number, end: number, maxBytes: number): void {
    this.size += end - start;
    if (this.#isCut) return;
    const to = Math.min(end, start + maxBytes - this.#keptBytes);
    this.#isCut = to < end;
    const length = this.#keptBytes + to - start;
    if (length > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.#kept.length * 2, MIN_CAPACITY));
      this.#kept.copy(grown, 0, 0, this.#keptBytes);
      this.#kept = grown;
    }
    bytes.copy(this.#kept, this.#keptBytes, start, to);
    this.#keptBytes = length;
  }

  /** More bytes belong here, which nobody kept. */
  cut(length: number): void {
    this.size += length;
    this.#isCut = true;
  }

  /** What is kept; borrowed until the next call. */
  view(): Buffer {
    return this.#kept.subarray(0, this.#keptBytes);
  }

  /** A copy of what is kept. */
  take(): Buffer {
    return Buffer.from(this.view());
  }
}
