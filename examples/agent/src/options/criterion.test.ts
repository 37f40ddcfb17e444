// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { parseCriteria, parseSample } from './criterion.js';

it('takes several values separated by commas', () => {
  expect(parseCriteria('status', '404, 5xx')).toHaveLength(2);
});

it.each([
  ['host', 'http://x/', "--host cannot be 'http://x/'. Give a host name"],
  ['status', 'ok', "--status cannot be 'ok'. Give a status such as 404"],
  ['status', '200,', "--status cannot be ''. Give a status such as 404"],
  ['method', 'a b', "--method cannot be 'a b'. Give a request method"],
  ['path', 'users', "--path cannot be 'users'. Give a path such as /users/*"],
  ['port', '80,http', "--port cannot be 'http'. Give the server's port"],
  ['process', '', "--process cannot be ''. Give a process id"],
] as const)('refuses %s %s and says what fits', (kind, text, message) => {
  expect(() => parseCriteria(kind, text)).toThrow(message);
});

it('leaves the commas of a path alone', () => {
  expect(parseCriteria('path', '/a,/b')).toHaveLength(1);
});

it.each(['0.1', '.5', '1', '10%', '0.5%', ' 100% '])('takes %j for a share', (text) => {
  expect(parseSample(text)).toBeTypeOf('function');
});

it.each(['', 'few', '0', '0%', '2', '101%', '-1', '10 %%'])('refuses %j as a share', (text) => {
  expect(() => parseSample(text)).toThrow(`--sample cannot be '`);
  expect(() => parseSample(text)).toThrow('Give a share above 0 and up to 1');
});
