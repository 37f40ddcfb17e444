// SPDX-License-Identifier: Apache-2.0
import { BodyCollector } from '../http/body-collector.js';
import type { HttpBody } from '../http/http-body.js';
import type { StreamChunk } from './protocol-plugin.js';

const LINE_FEED = 0x0a;
const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Reads one direction of a text protocol however its bytes are cut: lines, and blocks whose length a line announced. Give it
 * a chunk, then ask until there is nothing more; what has begun is kept for the next chunk, within the limits.
 *
 * @example
 * data(chunk: StreamChunk): void {
 *   this.#reader.push(chunk);
 *   for (let line = this.#reader.line(); line !== undefined; line = this.#reader.line()) this.#command(line);
 * }
 */
export class LineReader {
  /** When the first byte of the last line came. */
  startNs = 0;
  /** When the last chunk came. */
  nowNs = 0;
  readonly #maxLineBytes: number;
  #bytes = NO_BYTES;
  #at = 0;
  #line = '';
  #isInLine = false;
  #isBroken: boolean;
  #block: BodyCollector | undefined;
  #blockBytes = 0;

  /**
   * @param maxLineBytes what is kept of a line; the rest of a longer one is left out.
   * @param isInMiddle the first bytes may be the end of a line that began before: they are passed over.
   */
  constructor(maxLineBytes: number, isInMiddle = false) {
    this.#maxLineBytes = maxLineBytes;
    this.#isBroken = isInMiddle;
  }

  /** The next bytes. What was asked of the ones before must have been answered with undefined. */
  push({ bytes, timestampNs }: StreamChunk): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.nowNs = timestampNs;
  }

  /** The next line, a character for each byte (latin1), without its CRLF or LF. Undefined when it has not ended. */
  line(): string | undefined {
    while (this.#at < this.#bytes.length) {
      if (!this.#isInLine) this.startNs = this.nowNs;
      const end = this.#bytes.indexOf(LINE_FEED, this.#at);
      this.#keep(end === -1 ? this.#bytes.length : end);
      this.#isInLine = end === -1;
      if (end === -1) return undefined;
      this.#at = end + 1;
      const line = this.#line;
      const isWhole = !this.#isBroken;
      this.#line = '';
      this.#isBroken = false;
      if (isWhole) return line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    return undefined;
  }

  /** The next `length` bytes, of which the first `maxBytes` are kept. Undefined when not all of them are there. */
  block(length: number, maxBytes: number): HttpBody | undefined {
    this.#block ??= new BodyCollector(maxBytes, length);
    this.#blockBytes = length;
    const end = Math.min(this.#bytes.length, this.#at + length - this.#block.size);
    this.#block.append(this.#bytes, this.#at, end);
    this.#at = end;
    if (this.#block.size < length) return undefined;
    const body = this.#block.finish(undefined, false);
    this.#block = undefined;
    return body;
  }

  /**
   * Bytes were missed. True when they all belong to a block, which goes on after them with a hole; else what had begun is
   * forgotten, and reading goes on with the next line that is seen from its start.
   */
  lose(length: number): boolean {
    if (this.#block !== undefined && this.#block.size + length <= this.#blockBytes) {
      this.#block.skip(length);
      return true;
    }
    this.#block = undefined;
    this.#line = '';
    this.#isInLine = false;
    this.#isBroken = true;
    return false;
  }

  #keep(end: number): void {
    const room = this.#maxLineBytes - this.#line.length;
    if (room > 0 && !this.#isBroken) {
      this.#line += this.#bytes.toString('latin1', this.#at, Math.min(end, this.#at + room));
    }
    this.#at = end;
  }
}
