// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from './iso-time.js';

// Until 2033: later a double has less than the two digits after the microsecond that the sum needs to round right.
it('agrees with Date to the millisecond, in any order of times', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2e12, max: 2e12 }), fc.nat(999), (milliseconds, microseconds) => {
      const expected = new Date(milliseconds).toISOString().replace('Z', `${String(microseconds + 1000).slice(1)}Z`);
      expect(isoTime(milliseconds + microseconds / 1000)).toBe(expected);
    }),
  );
});
