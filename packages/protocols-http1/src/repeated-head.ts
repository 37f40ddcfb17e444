// SPDX-License-Identifier: Apache-2.0
import { latin1 } from '@flowtap/core';
import { CR, LF } from './constants.js';
import type { Head } from './head.js';
import { parseStartLine } from './start-line.js';

/** Longer heads are not kept: what is saved would not be worth the memory that each connection holds. */
const MAX_KEPT_BYTES = 4096;

/**
 * The last head of one direction. Peers that keep a connection open send the same fields again and again, often the same
 * head: then comparing bytes replaces parsing, and the flows share one list of headers.
 */
export class RepeatedHead {
  #head: Head | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  /** Of the fields, behind the start line. */
  #fields = 0;

  /** The head that begins at `position`, if its fields are those of the last one. */
  match(bytes: Buffer, position: number, maxHeaderBytes: number): Head | undefined {
    const head = this.#head;
    if (head === undefined) return undefined;
    const kept = this.#bytes;
    const length = this.#length;
    const limit = Math.min(length, bytes.length - position);
    let same = 0;
    while (same < limit && bytes[position + same] === kept[same]) same++;
    if (same === length) return head;
    if (same >= this.#fields) return undefined;
    return this.#withOtherStartLine(head, bytes, position, position + same, maxHeaderBytes);
  }

  #withOtherStartLine(
    head: Head,
    bytes: Buffer,
    start: number,
    searchFrom: number,
    maxHeaderBytes: number,
  ): Head | undefined {
    const fieldBytes = this.#length - this.#fields;
    const lastStart = Math.min(bytes.length, start + maxHeaderBytes) - fieldBytes;
    let lineFeed = searchFrom;
    while (lineFeed < lastStart && bytes[lineFeed] !== LF) lineFeed++;
    const fields = lineFeed + 1;
    if (fields > lastStart) return undefined;
    const kept = this.#bytes;
    for (let i = 0, at = this.#fields; i < fieldBytes; i++, at++) {
      if (bytes[fields + i] !== kept[at]) return undefined;
    }
    const end = lineFeed > start && bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
    const startLine = parseStartLine(latin1(bytes, start, end), 0, end - start);
    return startLine === undefined ? undefined : head.withStart(startLine, fields + fieldBytes - start);
  }

  /** Called for each head that was parsed: `length` bytes from `position` on. */
  keep(head: Head, bytes: Buffer, position: number, length: number): void {
    if (length > MAX_KEPT_BYTES) {
      this.#head = undefined;
      return;
    }
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafe(length * 2);
    bytes.copy(this.#bytes, 0, position, position + length);
    this.#head = head;
    this.#length = length;
    this.#fields = this.#bytes.indexOf(LF) + 1;
  }
}
