// SPDX-License-Identifier: Apache-2.0

/** Reports something that may happen often: the first time at once, then at most once per interval with the sum. */
export class GroupedLog {
  readonly #intervalMs: number;
  readonly #report: (count: number, detail: string) => void;
  #lastReport = Number.NEGATIVE_INFINITY;
  #count = 0;
  #detail = '';

  constructor(intervalMs: number, report: (count: number, detail: string) => void) {
    this.#intervalMs = intervalMs;
    this.#report = report;
  }

  note(count: number, detail = ''): void {
    this.#count += count;
    this.#detail = detail;
    if (performance.now() - this.#lastReport >= this.#intervalMs) this.flush();
  }

  /** Reports what was not reported yet. */
  flush(): void {
    if (this.#count === 0) return;
    const count = this.#count;
    this.#count = 0;
    this.#lastReport = performance.now();
    this.#report(count, this.#detail);
  }
}
