// SPDX-License-Identifier: Apache-2.0
import { CR, LF } from './constants.js';

/** Gathers lines up to an empty one, over any number of chunks: a head or trailers that arrive in pieces. */
export class LineBlock {
  state: 'open' | 'complete' | 'too-long' = 'open';
  readonly #maxBytes: number;
  readonly #parts: string[] = [];
  #byteLength = 0;
  /** What the current line holds so far: nothing, a single CR, or more. */
  #line: 'empty' | 'cr' | 'more' = 'empty';

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Take bytes from `start` on; answers how far it went: behind the empty line, to the limit or to the end. */
  push(bytes: Buffer, start: number): number {
    const room = this.#maxBytes - this.#byteLength;
    const limit = bytes.length - start > room ? start + room : bytes.length;
    const end = this.#scan(bytes, start, limit);
    if (end > start) this.#parts.push(bytes.toString('latin1', start, end));
    this.#byteLength += end - start;
    if (this.state === 'open' && end < bytes.length) this.state = 'too-long';
    return end;
  }

  /** Everything taken so far, one character per byte. */
  text(): string {
    return this.#parts.join('');
  }

  /** Searches only the new bytes; what an unfinished line holds is remembered. */
  #scan(bytes: Buffer, start: number, limit: number): number {
    let position = start;
    while (position < limit) {
      const found = bytes.indexOf(LF, position);
      const lineFeed = found === -1 || found >= limit ? limit : found;
      this.#extendLine(bytes, position, lineFeed);
      if (lineFeed === limit) return limit;
      if (this.#line !== 'more') {
        this.state = 'complete';
        return lineFeed + 1;
      }
      this.#line = 'empty';
      position = lineFeed + 1;
    }
    return position;
  }

  #extendLine(bytes: Buffer, start: number, end: number): void {
    if (end === start) return;
    this.#line = this.#line === 'empty' && end - start === 1 && bytes[start] === CR ? 'cr' : 'more';
  }
}
