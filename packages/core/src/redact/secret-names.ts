// SPDX-License-Identifier: Apache-2.0

const OUTLINES = 2048;

/** Equal for names that differ in case only. */
function outline(length: number, firstCode: number): number {
  return ((length << 5) | (firstCode & 31)) & (OUTLINES - 1);
}

/**
 * Names of secrets, without regard to case. Nearly all names that pass are none: one look into a table of lengths and
 * first letters tells that, and the name need not be cut out of its text.
 */
export class SecretNames {
  readonly #names = new Set<string>();
  readonly #outlines = new Uint8Array(OUTLINES);

  constructor(names: Iterable<string>) {
    for (const name of names) this.add(name);
  }

  /** `name` is in lower case, and not empty. */
  add(name: string): void {
    this.#names.add(name);
    this.#outlines[outline(name.length, name.charCodeAt(0))] = 1;
  }

  /** False only when the characters from `start` to `end` are none of the names. */
  mayInclude(text: string, start: number, end: number): boolean {
    return this.#outlines[outline(end - start, text.charCodeAt(start))] !== 0;
  }

  has(lowerCaseName: string): boolean {
    return this.#names.has(lowerCaseName);
  }
}
