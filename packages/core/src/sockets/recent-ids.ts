// SPDX-License-Identifier: Apache-2.0

/** The last ids that were added, at most `max` of them. */
export class RecentIds {
  readonly #max: number;
  readonly #ids = new Set<number>();

  constructor(max: number) {
    this.#max = max;
  }

  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size <= this.#max) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  delete(id: number): boolean {
    return this.#ids.delete(id);
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
