// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { Counters } from './counters.js';

it('adds up per code and lists the codes by name', () => {
  const counters = new Counters();
  counters.add('b');
  counters.add('a', 5);
  counters.add('b', 2);
  expect(Object.entries(counters.toRecord())).toEqual([
    ['a', 5],
    ['b', 3],
  ]);
});

it('stays bounded when codes come from the wire, and loses no count', () => {
  const counters = new Counters();
  for (let n = 0; n < 10_000; n += 1) counters.add(`handover-unknown:${n}`);
  const record = counters.toRecord();
  expect(Object.keys(record).length).toBeLessThan(600);
  expect(Object.values(record).reduce((sum, count) => sum + count, 0)).toBe(10_000);
});
