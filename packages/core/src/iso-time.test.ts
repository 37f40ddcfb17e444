// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from './iso-time.js';

it('agrees with Date to the millisecond, in any order of times', () => {
  fc.assert(
    fc.property(fc.integer({ min: -8e12, max: 8e12 }), fc.nat(999), (milliseconds, microseconds) => {
      const expected = new Date(milliseconds).toISOString().replace('Z', `${String(microseconds + 1000).slice(1)}Z`);
      expect(isoTime(milliseconds + microseconds / 1000)).toBe(expected);
    }),
  );
});
