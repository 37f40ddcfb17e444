// SPDX-License-Identifier: Apache-2.0

/** First in, first out, bounded in items and in bytes. */
export class BoundedQueue<T extends object> {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  #items: T[] = [];
  #sizes: number[] = [];
  /** Index of the oldest: taking moves it, and the arrays are cut now and then. */
  #head = 0;
  #bytes = 0;

  constructor(maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** At most half of either bound is used. */
  get hasRoom(): boolean {
    return this.length * 2 <= this.#maxItems && this.#bytes * 2 <= this.#maxBytes;
  }

  /** False when it is full. An empty queue takes an item of any size: it could never be exported otherwise. */
  add(item: T, bytes: number): boolean {
    const { length } = this;
    if (length >= this.#maxItems || (length > 0 && this.#bytes + bytes > this.#maxBytes)) return false;
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    return true;
  }

  /** The oldest ones, at most `count`. */
  take(count: number): readonly T[] {
    const end = Math.min(this.#head + count, this.#items.length);
    const taken = this.#items.slice(this.#head, end);
    for (let i = this.#head; i < end; i++) this.#bytes -= this.#sizes[i] ?? 0;
    if (end * 2 >= this.#items.length) {
      this.#items = this.#items.slice(end);
      this.#sizes = this.#sizes.slice(end);
      this.#head = 0;
    } else {
      // Not until half of them are gone: moving the rest each time would be quadratic.
      this.#items.fill(undefined as unknown as T, this.#head, end);
      this.#head = end;
    }
    return taken;
  }
}
