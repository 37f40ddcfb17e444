// SPDX-License-Identifier: Apache-2.0

const FIRST_MS = 100;
const LAST_MS = 5000;

/** How long to wait before each attempt to connect again: twice as long each time, with up to a fifth of chance. */
export class Backoff {
  #next = FIRST_MS;

  reset(): void {
    this.#next = FIRST_MS;
  }

  nextMs(): number {
    const wait = this.#next;
    this.#next = Math.min(LAST_MS, wait * 2);
    return wait * (0.9 + Math.random() * 0.2);
  }
}
