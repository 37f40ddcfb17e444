// SPDX-License-Identifier: Apache-2.0
import type { HttpHeader } from '@flowtap/core';

/** RFC 7541 §4.1: what an entry counts beyond its name and value. */
export const ENTRY_OVERHEAD = 32;

const FIRST_SLOTS = 64;
const NOTHING: HttpHeader = ['', ''];

/** RFC 7541 §2.3.2: the newest entry has index 0. A ring of slots that grows as needed, up to `capacity / 32`. */
export class DynamicTable {
  /** Entries that are there. */
  count = 0;
  /** RFC 7541 §4.1 */
  size = 0;
  #capacity: number;
  #slots: HttpHeader[] = new Array<HttpHeader>(FIRST_SLOTS).fill(NOTHING);
  /** Slot of the next entry. */
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** The entry that is `index` places older than the newest. `index` must be below `count`. */
  get(index: number): HttpHeader {
    const slots = this.#slots;
    return slots[(this.#next - 1 - index) & (slots.length - 1)] ?? NOTHING;
  }

  /** RFC 7541 §4.4: one that is larger than the table empties it. */
  add(entry: HttpHeader): void {
    const size = entry[0].length + entry[1].length + ENTRY_OVERHEAD;
    this.#evict(this.#capacity - size);
    if (size > this.#capacity) return;
    if (this.count === this.#slots.length) this.#grow();
    this.#slots[this.#next] = entry;
    this.#next = (this.#next + 1) & (this.#slots.length - 1);
    this.count += 1;
    this.size += size;
  }

  /** RFC 7541 §4.3 */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#evict(capacity);
  }

  clear(): void {
    this.#evict(-1);
  }

  #evict(room: number): void {
    while (this.count > 0 && this.size > room) {
      const { length } = this.#slots;
      const oldest = (this.#next - this.count) & (length - 1);
      const entry = this.#slots[oldest] ?? NOTHING;
      this.size -= entry[0].length + entry[1].length + ENTRY_OVERHEAD;
      this.#slots[oldest] = NOTHING;
      this.count -= 1;
    }
  }

  #grow(): void {
    const { length } = this.#slots;
    const slots = new Array<HttpHeader>(2 * length).fill(NOTHING);
    for (let i = 0; i < this.count; i++) slots[this.count - 1 - i] = this.get(i);
    this.#slots = slots;
    this.#next = this.count;
  }
}
