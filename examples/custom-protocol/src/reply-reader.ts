// SPDX-License-Identifier: Apache-2.0
import type { LineReader } from '@flowtap/core';
import { isLength, MAX_ITEMS } from './constants.js';
import type { MemcachedItem, MemcachedResponse } from './messages.js';

/** Reads a reply: items with their values, and the line that ends it. */
export class ReplyReader {
  readonly #items: MemcachedItem[] = [];
  #count = 0;
  #room: number;
  /** The item whose value comes next. */
  #next: { readonly key: string; readonly bytes: number } | undefined;

  /** `maxBytes`: of all values together. */
  constructor(maxBytes: number) {
    this.#room = maxBytes;
  }

  /** The reply when it has ended; undefined when more bytes are needed. */
  read(reader: LineReader): MemcachedResponse | undefined {
    for (;;) {
      if (this.#next !== undefined) {
        const value = reader.block(this.#next.bytes, this.#room);
        if (value === undefined) return undefined;
        this.#room -= value.captured;
        if (this.#items.length < MAX_ITEMS) this.#items.push({ key: this.#next.key, value });
        this.#next = undefined;
      }
      const line = reader.line();
      if (line === undefined) return undefined;
      const [word, key = '', , bytes] = line.split(' ');
      const isItem = word === 'VALUE' && isLength(bytes);
      if (isItem) this.#next = { key, bytes: Number(bytes) };
      if (isItem || word === 'STAT') this.#count += 1;
      // An empty line ends a value.
      else if (line !== '') return { status: line, items: this.#items, count: this.#count };
    }
  }
}
