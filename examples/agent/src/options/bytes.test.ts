// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { parseBytes } from './bytes.js';

it.each([
  ['0', 0],
  ['65536', 65536],
  ['64k', 65536],
  ['64KiB', 65536],
  ['64kb', 65536],
  ['1M', 1048576],
  ['2g', 2147483648],
])('%s is %i bytes', (text, bytes) => {
  expect(parseBytes('--max-body', text)).toBe(bytes);
});

it.each(['', '-1', '1.5', 'k', '1t', '0x10', '1e3', '9007199254740993', '1 2'])(
  'refuses %j and names the option',
  (text) => {
    expect(() => parseBytes('--max-body', text)).toThrow(
      /^--max-body: '.*' is not a number of bytes; write for example/,
    );
  },
);
