// SPDX-License-Identifier: Apache-2.0
import type { StreamChunk, StreamGap } from '@flowtap/core';

/** Each item counts for more than its bytes, so that many tiny ones are bounded too. */
const ITEM_BYTES = 32;

export type HeldItem =
  | { readonly kind: 'chunk'; readonly chunk: StreamChunk }
  | { readonly kind: 'gap'; readonly gap: StreamGap };

/**
 * Input of one direction that cannot be read yet, because only the other direction can tell what it is: a response
 * whose request is still on its way (two threads of a program may overtake each other), or what follows a CONNECT or
 * Upgrade request before its response.
 */
export class HeldInput {
  /** About the memory that it takes. */
  byteLength = 0;
  #items: HeldItem[] = [];
  #next = 0;

  get isEmpty(): boolean {
    return this.#next === this.#items.length;
  }

  /** Copies the bytes, which are borrowed. */
  addChunk(chunk: StreamChunk, consumedBytes: number): void {
    const bytes = Buffer.from(chunk.bytes.subarray(consumedBytes));
    const { direction, timestampNs } = chunk;
    const rest = { direction, offset: chunk.offset + consumedBytes, bytes, timestampNs };
    this.#items.push({ kind: 'chunk', chunk: rest });
    this.byteLength += ITEM_BYTES + bytes.length;
  }

  addGap(gap: StreamGap): void {
    this.#items.push({ kind: 'gap', gap });
    this.byteLength += ITEM_BYTES;
  }

  shift(): HeldItem | undefined {
    const item = this.#items[this.#next];
    if (item === undefined) return undefined;
    this.#next += 1;
    this.byteLength -= ITEM_BYTES + (item.kind === 'chunk' ? item.chunk.bytes.length : 0);
    if (this.#next === this.#items.length) {
      this.#items = [];
      this.#next = 0;
    }
    return item;
  }

  /** Puts what was not consumed of the chunk that `shift` gave back in front. */
  unshift(chunk: StreamChunk): void {
    if (this.#next === 0) this.#items.unshift({ kind: 'chunk', chunk });
    else this.#items[--this.#next] = { kind: 'chunk', chunk };
    this.byteLength += ITEM_BYTES + chunk.bytes.length;
  }
}
