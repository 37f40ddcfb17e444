// SPDX-License-Identifier: Apache-2.0
import { assertNever, BodyCollector, type BodyListener, type HttpBody, type HttpHeader } from '@flowtap/core';
import { ChunkedDecoder } from './chunked.js';
import type { FaultCode } from './constants.js';
import type { Framing } from './framing.js';

/** `maybe`: open whether there is a body. `absent`: there is none, and `STATUS_PREFIX` was taken of the next head. */
type State = 'maybe' | 'length' | 'chunked' | 'until-close' | 'done' | 'absent' | 'failed';

/** A response to an unseen request may have no body: bytes like these are then the next head. */
export const STATUS_PREFIX: Buffer = Buffer.from('HTTP/1.');

/** Reads one body after the other, as its framing says. */
export class BodyReader {
  state: State = 'done';
  fault: FaultCode | undefined = undefined;
  trailers: HttpHeader[] | undefined = undefined;
  readonly #maxBodyBytes: number;
  readonly #maxTrailerBytes: number;
  #framing: Framing | undefined;
  #contentEncoding: string | undefined;
  #listener: BodyListener | undefined;
  #remaining = 0;
  #prefixBytes = 0;
  #collector: BodyCollector | undefined;
  #decoder: ChunkedDecoder | undefined;

  constructor(maxBodyBytes: number, maxTrailerBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#maxTrailerBytes = maxTrailerBytes;
  }

  begin(framing: Framing, contentEncoding: string | undefined, listener: BodyListener | undefined): void {
    this.#listener = listener;
    this.#framing = framing;
    this.#contentEncoding = contentEncoding;
    this.#prefixBytes = 0;
    this.#collector = undefined;
    this.#decoder = undefined;
    this.fault = undefined;
    this.trailers = undefined;
    if (framing.mayLackBody) this.state = 'maybe';
    else this.#enter(framing);
  }

  /** The body ends where the connection does. */
  get endsAtClose(): boolean {
    return this.#framing?.mode === 'until-close' && (this.state === 'until-close' || this.state === 'maybe');
  }

  /** Answers where it stopped: at the end of `bytes`, or where the state became `done`, `absent` or `failed`. */
  feed(bytes: Buffer, start: number): number {
    let position = start;
    while (position < bytes.length) {
      switch (this.state) {
        case 'length':
          position = this.#length(bytes, position);
          break;
        case 'chunked':
          position = this.#chunked(bytes, position);
          break;
        case 'until-close':
          this.#collect().append(bytes, position, bytes.length);
          position = bytes.length;
          break;
        case 'maybe':
          position = this.#maybe(bytes, position);
          break;
        case 'done':
        case 'absent':
        case 'failed':
          return position;
        default:
          assertNever(this.state);
      }
    }
    return position;
  }

  /** How much of a gap lies in the body and leaves the framing known. */
  skip(length: number): number {
    if (this.state === 'until-close') {
      this.#collect().skip(length);
      return length;
    }
    if (this.state === 'chunked') return this.#decoder?.skip(length) === true ? length : 0;
    if (this.state !== 'length') return 0;
    const skipped = Math.min(length, this.#remaining);
    this.#collect().skip(skipped);
    this.#take(skipped);
    return skipped;
  }

  /** What was read of the body; `cut`: more of it was to come. */
  finish(cut: boolean): HttpBody {
    if (this.state === 'maybe' && this.#framing !== undefined) this.#becomeBody(this.#framing, 0);
    return this.#collect().finish(this.#contentEncoding, cut);
  }

  #enter({ mode, length }: Framing): void {
    this.#remaining = length;
    if (mode === 'none' || mode === 'unknown') {
      this.state = 'done';
      return;
    }
    this.state = mode;
    if (mode === 'chunked') this.#decoder = new ChunkedDecoder(this.#collect(), this.#maxTrailerBytes);
  }

  #collect(): BodyCollector {
    this.#collector ??= new BodyCollector(this.#maxBodyBytes, this.#remaining, this.#listener);
    return this.#collector;
  }

  #length(bytes: Buffer, start: number): number {
    const available = bytes.length - start;
    const end = available > this.#remaining ? start + this.#remaining : bytes.length;
    this.#collect().append(bytes, start, end);
    this.#take(end - start);
    return end;
  }

  #take(length: number): void {
    this.#remaining -= length;
    if (this.#remaining === 0) this.state = 'done';
  }

  #chunked(bytes: Buffer, start: number): number {
    const decoder = this.#decoder;
    if (decoder === undefined) return bytes.length;
    const position = decoder.feed(bytes, start);
    if (decoder.state === 'done') {
      this.trailers = decoder.trailers;
      this.state = 'done';
    } else if (decoder.state === 'failed') {
      this.fault = decoder.fault;
      this.state = 'failed';
    }
    return position;
  }

  /** Holds back what may be the next head, until it is clear what it is. */
  #maybe(bytes: Buffer, start: number): number {
    const framing = this.#framing;
    if (framing === undefined) return bytes.length;
    const isShort = framing.mode === 'length' && framing.length < STATUS_PREFIX.length;
    const wanted = isShort ? framing.length : STATUS_PREFIX.length;
    let position = start;
    while (this.#prefixBytes < wanted && position < bytes.length) {
      if (bytes[position] !== STATUS_PREFIX[this.#prefixBytes]) return this.#becomeBody(framing, position);
      this.#prefixBytes += 1;
      position += 1;
    }
    if (this.#prefixBytes < wanted) return position;
    if (isShort) return this.#becomeBody(framing, position);
    this.state = 'absent';
    return position;
  }

  #becomeBody(framing: Framing, position: number): number {
    this.#enter(framing);
    this.feed(STATUS_PREFIX.subarray(0, this.#prefixBytes), 0);
    return position;
  }
}
