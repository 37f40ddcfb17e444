// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { splitWords } from './inline-command.js';

test.each([
  ['', []],
  ['  GET \t x  ', ['GET', 'x']],
  ['a "b c" \'d e\'', ['a', 'b c', 'd e']],
  ['"\\n\\t\\x41\\q\\""', ['\n\tAq"']],
  ["'\\n\\'x'", ["\\n'x"]],
  ['a"b"', ['ab']],
  ['a "" b', ['a', '', 'b']],
  ['"a"b', undefined],
  ['"a', undefined],
  ["'a", undefined],
])('%j', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});
