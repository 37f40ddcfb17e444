// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { statHasTerminal } from './terminal.js';

it.each([
  ['a terminal', '10 (node) S 1 10 9 34816 10 4194304 0', true],
  ['no terminal', '10 (node) S 1 10 9 0 -1 4194304 0', false],
  ['a name with blanks and parentheses', '10 (a) 0 (c) S 1 10 9 34816 10 4194304 0', true],
  ['nothing readable', '', false],
])('%s', (_name, stat, expected) => {
  expect(statHasTerminal(stat)).toBe(expected);
});
