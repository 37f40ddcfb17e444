// SPDX-License-Identifier: Apache-2.0

/** Some codes carry a name that came over the wire, so their number has to be bounded. */
const MAX_CODES = 512;
const OVERFLOW_CODE = 'other-codes';

/** Named totals of rare things: what was dropped, cut or not understood. Hot totals are plain fields elsewhere. */
export class Counters {
  readonly #values = new Map<string, number>();

  add(code: string, by = 1): void {
    const before = this.#values.get(code);
    if (before === undefined && this.#values.size >= MAX_CODES) {
      this.#values.set(OVERFLOW_CODE, this.get(OVERFLOW_CODE) + by);
    } else {
      this.#values.set(code, (before ?? 0) + by);
    }
  }

  get(code: string): number {
    return this.#values.get(code) ?? 0;
  }

  /** Sorted by name, so that two runs can be compared line by line. */
  toRecord(): Record<string, number> {
    return Object.fromEntries([...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
