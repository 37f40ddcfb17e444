// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { goRelease } from './go-build-info.js';

it.each([
  ['go1.19.8', [1, 19]],
  ['go1.15', [1, 15]],
  ['go1.22rc1 X:loopvar', [1, 22]],
  ['devel go1.25-0123abc Mon Jan 6', [1, 25]],
  ['go2.0', [2, 0]],
  ['devel +0123abc', undefined],
  ['', undefined],
])('the release in "%s"', (version, release) => {
  expect(goRelease(version)).toEqual(release);
});
