// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { parseCriteria } from './criterion.js';

it('takes several values separated by commas', () => {
  expect(parseCriteria('status', '404, 5xx')).toHaveLength(2);
});

it.each([
  ['host', 'http://x/', "--host cannot be 'http://x/'. Give a host name"],
  ['status', 'ok', "--status cannot be 'ok'. Give a status such as 404"],
  ['status', '200,', "--status cannot be ''. Give a status such as 404"],
  ['method', 'a b', "--method cannot be 'a b'. Give a request method"],
] as const)('refuses %s %s and says what fits', (kind, text, message) => {
  expect(() => parseCriteria(kind, text)).toThrow(message);
});
