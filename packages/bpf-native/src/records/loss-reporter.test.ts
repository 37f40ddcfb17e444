// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { LossReporter } from './loss-reporter.js';
import { COUNTERS, type CounterName } from './record-layout.js';

function counters(values: Partial<Record<CounterName, readonly [events: number, bytes: number]>>): Float64Array {
  return Float64Array.from(COUNTERS.flatMap((name) => values[name] ?? [0, 0]));
}

describe('losses', () => {
  it('are told once, as what was added since the last look', () => {
    const losses = new LossReporter();
    expect(losses.update(counters({ 'ring-full': [2, 500] }), 10)).toEqual([
      { type: 'lost', timestampNs: 10, cause: 'ring-full', events: 2, bytes: 500 },
    ]);
    expect(losses.update(counters({ 'ring-full': [2, 500] }), 20)).toEqual([]);
    expect(losses.update(counters({ 'ring-full': [3, 600], 'map-full': [1, 0] }), 30)).toEqual([
      { type: 'lost', timestampNs: 30, cause: 'ring-full', events: 1, bytes: 100 },
      { type: 'lost', timestampNs: 30, cause: 'map-full', events: 1, bytes: 0 },
    ]);
  });

  it('are not what was sent, nor plaintext that is delivered without addresses', () => {
    const sent = counters({ 'control-sent': [5, 0], 'data-sent': [9, 900], 'tls-unbound': [1, 10] });
    expect(new LossReporter().update(sent, 1)).toEqual([]);
  });

  it('and everything else are running totals', () => {
    const losses = new LossReporter();
    expect(losses.totals()).toMatchObject({ 'ring-full-events': 0, 'data-sent-bytes': 0 });
    losses.update(counters({ 'ring-full': [2, 500], 'data-sent': [9, 900] }), 1);
    losses.update(counters({ 'ring-full': [3, 600], 'data-sent': [10, 901] }), 2);
    const totals = losses.totals();
    expect(totals).toMatchObject({
      'ring-full-events': 3,
      'ring-full-bytes': 600,
      'data-sent-events': 10,
      'data-sent-bytes': 901,
    });
    expect(Object.keys(totals)).toHaveLength(2 * COUNTERS.length);
  });
});
