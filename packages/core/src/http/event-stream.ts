// SPDX-License-Identifier: Apache-2.0

import type { ServerSentEvent } from '../flow/flow-message.js';
import { MessageList } from '../flow/message-list.js';
import { BodyCollector } from './body-collector.js';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const LETTER_E = 0x65;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const LINE_FEED = Buffer.from([LF]);

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
  // Asked for each response: the first letter of the subtype rules out nearly all others.
  if (contentType === undefined || (contentType.charCodeAt(5) | 0x20) !== LETTER_E) return false;
  return /^text\/event-stream(?:[\s;]|$)/i.test(contentType);
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
  #line: BodyCollector;
  #data: BodyCollector;
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
    this.#line = new BodyCollector(options.maxBytes, 0);
    this.#data = new BodyCollector(options.maxBytes, 0);
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
      this.#line.append(bytes, from, at);
      this.#endLine(timestampNs);
      if (byte === CR) {
        if (at + 1 === end) this.#isAfterCr = true;
        else if (bytes[at + 1] === LF) at += 1;
      }
      from = at + 1;
    }
    if (from < end) this.#line.append(bytes, from, end);
  }

  /** Bytes that were not captured: the event that they are in, and where it ends, is not known any more. */
  skip(): void {
    this.#isLost = true;
    this.#missing = 'line';
    this.#line = new BodyCollector(this.#options.maxBytes, 0);
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
    this.#line = new BodyCollector(this.#options.maxBytes, 0);
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

  #field(line: BodyCollector, isFirst: boolean): void {
    let bytes = line.view();
    if (isFirst && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) bytes = bytes.subarray(3);
    const colon = bytes.indexOf(COLON);
    const name = bytes.toString('latin1', 0, colon === -1 ? bytes.length : colon);
    const start = colon === -1 ? bytes.length : bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
    switch (name) {
      case 'data': {
        if (this.#hasData) this.#data.append(LINE_FEED, 0, 1);
        this.#data.append(bytes, start, bytes.length);
        this.#data.skip(line.size - line.view().length);
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
      const event: ServerSentEvent = {
        type: 'event',
        sender: 'server',
        offsetMs: Math.max(0, timestampNs - startNs) / 1e6,
        event: this.#name === '' ? 'message' : this.#name,
        ...(this.#id === undefined || this.#id === '' ? {} : { id: this.#id }),
        content: this.#data.finish(undefined, false),
      };
      this.#list.add(event);
      onEvent(event);
    }
    this.#reset();
  }

  #reset(): void {
    this.#data = new BodyCollector(this.#options.maxBytes, 0);
    this.#hasData = false;
    this.#name = '';
  }
}
