// SPDX-License-Identifier: Apache-2.0
import {
  assertNever,
  type BodyListener,
  bodyInOneChunk,
  type Direction,
  type FlowGap,
  latin1,
  type StreamGap,
} from '@flowtap/core';
import { BodyReader, STATUS_PREFIX } from './body-reader.js';
import { CR, type FaultCode, LF } from './constants.js';
import type { Framing } from './framing.js';
import { parseHead, parsePartialHead } from './head.js';
import { LineBlock } from './line-block.js';
import { Message } from './message.js';
import type { ReaderListener } from './reader-events.js';
import { RepeatedHead } from './repeated-head.js';
import { ResyncScanner } from './resync.js';
import type { Carries } from './start-line-search.js';

export interface ReaderOptions {
  readonly direction: Direction;
  readonly listener: ReaderListener;
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
  /** Begin by looking for a start line. */
  readonly joinedLate: boolean;
}

/**
 *     start ──▶ head ──▶ body ──▶ start          paused: the other direction decides what the next bytes are
 *       ▲                  │
 *       └──── resync ◀─────┴── framing lost      stopped: they are no HTTP/1 any more
 */
type State = 'start' | 'head' | 'body' | 'resync' | 'paused' | 'stopped';

/** A head is rarely longer; one that is gets decoded in growing windows. */
const FIRST_WINDOW_BYTES = 1024;
const WINDOW_GROWTH = 4;

/** So few lost bytes may have been empty lines between messages (RFC 9112 §2.2). */
const MAX_STRAY_BYTES = 4;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Cuts one direction into messages. Looks at each byte a constant number of times and keeps no borrowed bytes. */
export class MessageReader {
  readonly direction: Direction;
  #state: State;
  #carries: Carries = 'either';
  readonly #listener: ReaderListener;
  readonly #maxHeaderBytes: number;
  readonly #maxBodyBytes: number;
  readonly #resync: ResyncScanner;
  readonly #body: BodyReader;
  readonly #repeated = new RepeatedHead();
  /** A head that arrives in pieces. */
  #block: LineBlock | undefined;
  /** `mark` was called since the head under way began. */
  #isMarked = false;
  /** The gap before these unknown bytes was tiny; that they are there shows that a message began in it. */
  #mayHideStart = false;
  #startNs = 0;
  #lastNs = 0;
  #message: Message | undefined;

  constructor(options: ReaderOptions) {
    this.direction = options.direction;
    this.#listener = options.listener;
    this.#maxHeaderBytes = options.maxHeaderBytes;
    this.#maxBodyBytes = options.maxBodyBytes;
    this.#body = new BodyReader(options.maxBodyBytes, options.maxHeaderBytes);
    this.#resync = new ResyncScanner(options.maxHeaderBytes);
    this.#state = options.joinedLate ? 'resync' : 'start';
  }

  /** Between two messages, with known framing. */
  get isAtRest(): boolean {
    return this.#state === 'start';
  }

  /** Some bytes of a message may have arrived that the listener has not heard of. */
  get isInHead(): boolean {
    return this.#state === 'head' || (this.#state === 'resync' && this.#resync.hasPending);
  }

  get carries(): Carries {
    return this.#carries;
  }

  get isResyncing(): boolean {
    return this.#state === 'resync';
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  expect(carries: Carries): void {
    this.#carries = carries;
    this.#resync.expect(carries);
  }

  /**
   * Something happened in the other direction. Unknown bytes up to here are not reported as lost any more, and a
   * message whose first byte has arrived says so.
   */
  mark(): void {
    if (this.#state === 'head') this.#isMarked = true;
    else if (this.#state === 'resync') this.#resync.mark();
  }

  /** Called from inside `end`: what follows is not read before `resume`. */
  pause(): void {
    this.#state = 'paused';
  }

  stop(): void {
    this.#state = 'stopped';
  }

  /** Go on after `pause`, or ask the listener again after `wait`. */
  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'start';
    if (this.#message !== undefined) this.#announce(this.#message, NO_BYTES, 0);
  }

  /** Answers how many bytes were taken: all, unless the reader was paused or stopped on the way. */
  feed(bytes: Buffer, timestampNs: number): number {
    this.#lastNs = timestampNs;
    let position = 0;
    while (position < bytes.length) {
      switch (this.#state) {
        case 'start':
          position = this.#startHead(bytes, position);
          break;
        case 'head':
          position = this.#continueHead(bytes, position);
          break;
        case 'body':
          position = this.#readBody(bytes, position);
          break;
        case 'resync':
          position = this.#search(bytes, position);
          break;
        case 'paused':
        case 'stopped':
          return position;
        default:
          assertNever(this.#state);
      }
    }
    return position;
  }

  gap({ direction, offset, length, reason, timestampNs }: StreamGap): void {
    const inBody = this.#state === 'body' ? this.#body.skip(length) : 0;
    if (inBody > 0) {
      this.#lastNs = timestampNs;
      this.#message?.addGap({ direction, offset, bytes: inBody, reason });
      if (this.#body.state === 'done') this.#endBody(true);
      if (inBody === length) return;
    }
    const gap: FlowGap = { direction, offset: offset + inBody, bytes: length - inBody, reason };
    const beganBetween = this.#state === 'start' && gap.bytes > MAX_STRAY_BYTES;
    const maybeBeganBetween = this.#state === 'start' && !beganBetween;
    const wasInHead = this.#state === 'head' || this.#state === 'resync';
    const hidesStart = this.#abandon(wasInHead ? 'gap-in-head' : 'gap-in-framing', gap) || beganBetween;
    this.#enterResync();
    this.#mayHideStart = maybeBeganBetween;
    this.#listener.lost(this, { gap, hidesStart });
  }

  /** Ends the message under way. `wasClosed`: the connection really ended, so that a body without a length is complete. */
  close(fault: FaultCode, wasClosed: boolean): void {
    if (this.#state === 'body' && wasClosed && this.#body.endsAtClose) this.#endBody(true);
    else this.#abandon(fault, undefined);
    this.#state = 'stopped';
  }

  #startHead(bytes: Buffer, start: number): number {
    let position = start;
    // RFC 9112 §2.2: empty lines before a start line are ignored.
    while (position < bytes.length && (bytes[position] === CR || bytes[position] === LF)) position++;
    if (position === bytes.length) return position;
    this.#startNs = this.#lastNs;
    const repeated = this.#repeated.match(bytes, position, this.#maxHeaderBytes);
    if (repeated !== undefined) {
      return this.#announce(new Message(repeated, this.#startNs, this.#lastNs), bytes, position + repeated.end);
    }
    const limit = Math.min(bytes.length, position + this.#maxHeaderBytes);
    for (let window = FIRST_WINDOW_BYTES; ; window *= WINDOW_GROWTH) {
      const end = Math.min(limit, position + window);
      const head = parseHead(latin1(bytes, position, end), 0);
      if (head === 'malformed') {
        this.#lose();
        return position;
      }
      if (head !== 'incomplete') {
        this.#repeated.keep(head, bytes, position, head.end);
        return this.#announce(new Message(head, this.#startNs, this.#lastNs), bytes, position + head.end);
      }
      if (end === limit) break;
    }
    this.#block = new LineBlock(this.#maxHeaderBytes);
    this.#isMarked = false;
    this.#state = 'head';
    return position;
  }

  #continueHead(bytes: Buffer, start: number): number {
    const block = this.#block;
    if (block === undefined) return bytes.length;
    const end = block.push(bytes, start);
    if (block.state === 'open') return end;
    this.#block = undefined;
    const text = block.text();
    if (block.state === 'too-long') {
      if (!this.#recordPartial(text, 'header-too-large', undefined)) this.#searchAgain(text);
      else this.#lose();
      return end;
    }
    const head = parseHead(text, 0);
    if (typeof head === 'string') {
      this.#searchAgain(text);
      return end;
    }
    const message = new Message(head, this.#startNs, this.#lastNs);
    message.beganBeforeMark = this.#isMarked;
    return this.#announce(message, bytes, end);
  }

  /** What was gathered for a head does not begin with a start line: maybe one of its later lines is one. */
  #searchAgain(text: string): void {
    this.#lose();
    this.#search(Buffer.from(text, 'latin1'), 0);
  }

  #search(bytes: Buffer, start: number): number {
    const { position, found, skipped } = this.#resync.feed(bytes, start, this.#lastNs);
    if (skipped) {
      const hidesStart = this.#mayHideStart;
      this.#mayHideStart = false;
      this.#listener.lost(this, { gap: undefined, hidesStart });
    }
    if (found === undefined) return position;
    const head = parseHead(found.text, 0);
    if (typeof head === 'string') {
      this.#enterResync();
      return position;
    }
    const message = new Message(head, found.startNs, this.#lastNs);
    message.beganBeforeMark = found.beganBeforeMark;
    return this.#announce(message, bytes, position);
  }

  /** A head is complete, its body begins at `start`: answers where to go on. */
  #announce(message: Message, bytes: Buffer, start: number): number {
    const verdict = this.#listener.head(this, message);
    if (verdict === 'wait') {
      this.#message = message;
      this.#state = 'paused';
      return start;
    }
    if (verdict === 'refuse') {
      this.#message = undefined;
      this.#enterResync();
      return start;
    }
    return this.#startBody(message, verdict, bytes, start);
  }

  #startBody(message: Message, framing: Framing, bytes: Buffer, start: number): number {
    const { mode, length, fault } = framing;
    const { contentEncoding } = message.head;
    message.fault ??= fault;
    if (mode === 'none') {
      this.#endMessage(message, message.endNs, true);
    } else if (mode === 'unknown') {
      this.#endMessage(message, message.endNs, false);
      this.#lose();
    } else if (mode === 'length' && length <= bytes.length - start && !framing.mayLackBody) {
      const end = start + length;
      message.body = bodyInOneChunk(bytes, start, end, this.#maxBodyBytes, contentEncoding);
      message.events?.append(bytes, start, end, this.#lastNs);
      this.#endMessage(message, this.#lastNs, true);
      return end;
    } else {
      this.#message = message;
      this.#body.begin(framing, contentEncoding, this.#listenerOf(message));
      this.#state = 'body';
    }
    return start;
  }

  #listenerOf({ events }: Message): BodyListener | undefined {
    if (events === undefined) return undefined;
    return {
      append: (bytes, start, end) => events.append(bytes, start, end, this.#lastNs),
      skip: () => events.skip(),
    };
  }

  #readBody(bytes: Buffer, start: number): number {
    const body = this.#body;
    const position = body.feed(bytes, start);
    if (body.state === 'done') {
      this.#endBody(true);
    } else if (body.state === 'failed') {
      if (this.#message !== undefined && body.fault !== undefined) this.#message.fault ??= body.fault;
      this.#endBody(false);
      this.#lose();
    } else if (body.state === 'absent') {
      if (this.#message !== undefined) this.#endMessage(this.#message, this.#message.endNs, true);
      if (this.#state !== 'start') return position;
      this.#startNs = this.#lastNs;
      this.#block = new LineBlock(this.#maxHeaderBytes);
      this.#block.push(STATUS_PREFIX, 0);
      this.#isMarked = false;
      this.#state = 'head';
    }
    return position;
  }

  #endBody(complete: boolean): void {
    const message = this.#message;
    if (message === undefined) return;
    message.body = this.#body.finish(!complete);
    if (this.#body.trailers !== undefined) message.trailers = this.#body.trailers;
    this.#endMessage(message, this.#lastNs, complete);
  }

  #endMessage(message: Message, timestampNs: number, complete: boolean): void {
    this.#message = undefined;
    this.#state = 'start';
    message.end(timestampNs, complete);
    this.#listener.end(this, message);
  }

  /** Hands out what is there of the message under way. True when one began but not even its start line is there. */
  #abandon(fault: FaultCode, gap: FlowGap | undefined): boolean {
    if (this.#state === 'head' && this.#block !== undefined) {
      const text = this.#block.text();
      this.#block = undefined;
      if (this.#recordPartial(text, fault, gap)) return false;
      if (!text.includes('\n')) return true;
      this.#searchAgain(text);
    }
    if (this.#state === 'resync') {
      const partial = this.#resync.partialHead();
      if (partial !== undefined) {
        this.#startNs = partial.startNs;
        this.#isMarked = partial.beganBeforeMark;
        this.#recordPartial(partial.text, fault, gap);
      }
    } else if (this.#state === 'body' && this.#message !== undefined) {
      this.#message.fault ??= fault;
      if (gap !== undefined) this.#message.addGap(gap);
      this.#endBody(false);
    }
    return false;
  }

  /** A head that breaks off: what its complete lines say. False when there is not even a start line. */
  #recordPartial(text: string, fault: FaultCode, gap: FlowGap | undefined): boolean {
    const head = parsePartialHead(text);
    if (head === undefined) return false;
    const message = new Message(head, this.#startNs, this.#lastNs);
    message.fault = fault;
    message.beganBeforeMark = this.#isMarked;
    if (gap !== undefined) message.addGap(gap);
    if (this.#listener.partialHead(this, message) === 'refuse') return true;
    this.#endMessage(message, this.#lastNs, false);
    return true;
  }

  /** Framing lost although every byte is there. */
  #lose(): void {
    this.#enterResync();
    this.#listener.lost(this, { gap: undefined, hidesStart: false });
  }

  #enterResync(): void {
    if (this.#state === 'stopped') return;
    this.#state = 'resync';
    this.#mayHideStart = false;
    this.#resync.reset(this.#carries);
  }
}
