// SPDX-License-Identifier: Apache-2.0
import type { LostEvent } from '@flowtap/core';
import { COUNTERS, type CounterName } from './record-layout.js';

/** Not losses: what was sent, and plaintext that is delivered without addresses. */
const INFORMATIONAL: ReadonlySet<CounterName> = new Set(['control-sent', 'data-sent', 'tls-unbound', 'tls-revoked']);

/** Turns the kernel's running counters into events that say what was lost since the last look. */
export class LossReporter {
  #last: Float64Array = new Float64Array(COUNTERS.length * 2);

  update(counters: Float64Array, timestampNs: number): LostEvent[] {
    const lost: LostEvent[] = [];
    COUNTERS.forEach((cause, i) => {
      const events = (counters[2 * i] ?? 0) - (this.#last[2 * i] ?? 0);
      const bytes = (counters[2 * i + 1] ?? 0) - (this.#last[2 * i + 1] ?? 0);
      if (events > 0 && !INFORMATIONAL.has(cause)) lost.push({ type: 'lost', timestampNs, cause, events, bytes });
    });
    this.#last = counters;
    return lost;
  }

  /** All counters by name, for statistics. */
  totals(): Record<string, number> {
    const totals: Record<string, number> = {};
    COUNTERS.forEach((cause, i) => {
      totals[`${cause}-events`] = this.#last[2 * i] ?? 0;
      totals[`${cause}-bytes`] = this.#last[2 * i + 1] ?? 0;
    });
    return totals;
  }
}
