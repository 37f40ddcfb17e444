// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { negotiateApiVersion } from './engine.js';

it.each([
  // An engine that is older, as old, and newer than this package.
  ['1.41', '1.12', '1.41'],
  ['1.43', '1.24', '1.43'],
  ['1.52', '1.24', '1.43'],
  ['1.100', '1.24', '1.43'],
  ['1.24', undefined, '1.24'],
])('an engine of %s, from %s on, is asked in %s', (newest, oldest, expected) => {
  expect(negotiateApiVersion(newest, oldest)).toBe(expected);
});

it.each([
  ['1.23', '1.12'],
  ['1.60', '1.44'],
])('an engine of %s, from %s on, cannot be asked', (newest, oldest) => {
  expect(negotiateApiVersion(newest, oldest)).toBeUndefined();
});
