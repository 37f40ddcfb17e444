// SPDX-License-Identifier: Apache-2.0

/**
 * What was made of an object, found again by the object itself. Holds the objects that were used last: at least
 * `capacity` of them, at most twice as many. Not a WeakMap: entries of short-lived objects make those cost the garbage
 * collector more than what is saved.
 */
export class IdentityCache<Value> {
  readonly #capacity: number;
  #recent = new Map<object, Value>();
  #older = new Map<object, Value>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: object): Value | undefined {
    const value = this.#recent.get(key);
    if (value !== undefined) return value;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: object, value: Value): void {
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }
}
