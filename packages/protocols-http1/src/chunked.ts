// SPDX-License-Identifier: Apache-2.0
import { assertNever, type BodyCollector, type HttpHeader } from '@flowtap/core';
import { CR, type FaultCode, LF, SPACE, TAB } from './constants.js';
import { parseFields } from './head.js';
import { LineBlock } from './line-block.js';

/** 2^52 and more would lose precision; no honest chunk comes near. */
const MAX_SIZE_BEFORE_DIGIT = 2 ** 48;

type State = 'size' | 'extension' | 'data' | 'data-end' | 'trailers' | 'done' | 'failed';

/** Removes the chunked transfer coding, RFC 9112 §7.1. Each byte is looked at once, whatever the chunking of the input. */
export class ChunkedDecoder {
  state: State = 'size';
  fault: FaultCode | undefined = undefined;
  trailers: HttpHeader[] | undefined = undefined;
  readonly #body: BodyCollector;
  readonly #maxTrailerBytes: number;
  #remaining = 0;
  #digits = 0;
  #afterDigits = false;
  #trailerBlock: LineBlock | undefined;

  constructor(body: BodyCollector, maxTrailerBytes: number) {
    this.#body = body;
    this.#maxTrailerBytes = maxTrailerBytes;
  }

  /** Consume from `start`; answers where it stopped: behind the last byte of the body, or at the end of `bytes`. */
  feed(bytes: Buffer, start: number): number {
    let position = start;
    while (position < bytes.length) {
      switch (this.state) {
        case 'size':
          this.#size(bytes[position] ?? 0);
          position += this.fault === undefined ? 1 : 0;
          break;
        case 'extension':
          position = this.#extension(bytes, position);
          break;
        case 'data':
          position = this.#data(bytes, position);
          break;
        case 'data-end':
          position = this.#dataEnd(bytes, position);
          break;
        case 'trailers':
          position = this.#trailers(bytes, position);
          break;
        case 'done':
        case 'failed':
          return position;
        default:
          assertNever(this.state);
      }
    }
    return position;
  }

  /** Bytes that were not captured. True when they all lie in the data of one chunk, so that the framing is still known. */
  skip(length: number): boolean {
    if (this.state !== 'data' || length > this.#remaining) return false;
    this.#body.skip(length);
    this.#remaining -= length;
    if (this.#remaining === 0) this.state = 'data-end';
    return true;
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit !== -1 && !this.#afterDigits) {
      if (this.#remaining >= MAX_SIZE_BEFORE_DIGIT) this.#fail('malformed-chunk');
      this.#remaining = this.#remaining * 16 + digit;
      this.#digits += 1;
    } else if (this.#digits === 0) {
      this.#fail('malformed-chunk');
    } else if (byte === LF) {
      this.#startChunk();
    } else if (byte === SPACE || byte === TAB || byte === CR) {
      this.#afterDigits = true;
    } else if (byte === 0x3b) {
      this.state = 'extension';
    } else {
      this.#fail('malformed-chunk');
    }
  }

  /** §7.1.1: a recipient ignores extensions that it does not know, and a passive one knows none. */
  #extension(bytes: Buffer, start: number): number {
    const lineFeed = bytes.indexOf(LF, start);
    if (lineFeed === -1) return bytes.length;
    this.#startChunk();
    return lineFeed + 1;
  }

  #startChunk(): void {
    this.#digits = 0;
    this.#afterDigits = false;
    this.state = this.#remaining === 0 ? 'trailers' : 'data';
  }

  #data(bytes: Buffer, start: number): number {
    const available = bytes.length - start;
    const end = available > this.#remaining ? start + this.#remaining : bytes.length;
    this.#body.append(bytes, start, end);
    this.#remaining -= end - start;
    if (this.#remaining === 0) this.state = 'data-end';
    return end;
  }

  #dataEnd(bytes: Buffer, position: number): number {
    const byte = bytes[position];
    if (byte === LF) this.state = 'size';
    else if (byte !== CR) this.#fail('malformed-chunk');
    return this.fault === undefined ? position + 1 : position;
  }

  #trailers(bytes: Buffer, start: number): number {
    this.#trailerBlock ??= new LineBlock(this.#maxTrailerBytes);
    const end = this.#trailerBlock.push(bytes, start);
    if (this.#trailerBlock.state === 'too-long') this.#fail('header-too-large');
    if (this.#trailerBlock.state === 'complete') {
      const fields: HttpHeader[] = [];
      parseFields(this.#trailerBlock.text(), 0, fields);
      if (fields.length > 0) this.trailers = fields;
      this.state = 'done';
    }
    return end;
  }

  #fail(code: FaultCode): void {
    this.fault ??= code;
    this.state = 'failed';
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
