// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { parseSeconds } from './seconds.js';

it.each([
  ['30', 30],
  ['0.5', 0.5],
  ['.25', 0.25],
])('%s is %d seconds', (text, seconds) => {
  expect(parseSeconds('--duration', text)).toBe(seconds);
});

it.each(['0', '-1', '', 'ten', '1e9', '10s', 'Infinity', '99999999'])(
  'refuses %j, which a timer could not wait',
  (text) => {
    expect(() => parseSeconds('--duration', text)).toThrow(/^--duration: .* is not a number of seconds/);
  },
);
