// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { parsePid } from './pid.js';

it('takes a decimal process id', () => {
  expect(parsePid('--pid', '1234')).toBe(1234);
});

it.each(['0', '-5', '', 'nginx', '12a', '1.0', '2147483648', '--output'])('refuses %j', (text) => {
  expect(() => parsePid('--pid', text)).toThrow(`--pid: '${text}' is not a process id;`);
});
