// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { IdentityCache } from './identity-cache.js';

it('finds what was made of the very same object', () => {
  const cache = new IdentityCache<string>(2);
  const key = ['a'];
  cache.set(key, 'x');
  expect(cache.get(key)).toBe('x');
  expect(cache.get(['a'])).toBeUndefined();
});

it('forgets what was not used lately and keeps what was', () => {
  const cache = new IdentityCache<number>(2);
  const used = {};
  const unused = {};
  cache.set(used, 1);
  cache.set(unused, 2);
  for (let i = 0; i < 10; i++) {
    cache.set({}, i);
    expect(cache.get(used)).toBe(1);
  }
  expect(cache.get(unused)).toBeUndefined();
});
