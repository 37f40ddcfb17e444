// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { parseToken } from './token.js';

it.each(['GET', 'X-Api-Key', 'm-search', "!#$%&'*+-.^_`|~"])('takes the token %s', (text) => {
  expect(parseToken('--redact-header', 'a header name', text)).toBe(text);
});

it.each(['', 'a b', 'X-Key:', 'é', 'a,b', 'a\nb'])('refuses %j', (text) => {
  expect(() => parseToken('--redact-header', 'a header name', text)).toThrow(
    `--redact-header: '${text}' is not a header name.`,
  );
});
