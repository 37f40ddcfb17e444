// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundarySearch } from '../src/frame/boundary-search.js';
import { MAX_SEARCH_BYTES } from '../src/limits.js';
import { data, headers, join, request } from './frames.js';

const frames = join(
  ...[1, 3, 5, 7].flatMap((stream) => [headers(stream, request(`/${stream}`), 'open', true), data(stream, 'content')]),
);

test('the first frame behind what can be none is found, however much that was and however both are cut', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5000 })), {
    minLength: 1,
    maxLength: 10,
  });
  fc.assert(
    fc.property(fc.nat({ max: 2 * MAX_SEARCH_BYTES }), sizes, sizes, (length, noiseSizes, sizes) => {
      const search = new BoundarySearch();
      // What was looked at before lies behind the bytes that are kept.
      for (let left = length, i = 0; left > 0; i++) {
        const size = Math.min(left, noiseSizes[i % noiseSizes.length] ?? 1);
        expect(search.feed(Buffer.alloc(size, 0xff), 0)).toBeUndefined();
        left -= size;
      }
      let found: ReturnType<typeof search.feed>;
      for (let at = 0, i = 0; found === undefined && at < frames.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        found = search.feed(frames.subarray(at, at + size), at);
        at += size;
      }
      expect(found).toBeDefined();
      expect(search.skippedBytes).toBe(length);
    }),
    { numRuns: 200 },
  );
});

test('places that all lead on cost the same for a byte in long pieces as in short ones', () => {
  // At each place a head of DATA that leads to another.
  const head = Buffer.from([0, 0, 100, 0, 0, 0, 0, 0, 1]);
  const piece = Buffer.concat(Array.from({ length: 7000 }, () => head));
  const timeOf = (length: number) => {
    const search = new BoundarySearch();
    const start = performance.now();
    for (let at = 0; at < piece.length; at += length) {
      search.feed(piece.subarray(at, at + length), 0);
      search.reset();
    }
    return performance.now() - start;
  };
  const least = (length: number) => Math.min(...Array.from({ length: 5 }, () => timeOf(length)));
  least(4500);
  expect(least(piece.length) / least(4500)).toBeLessThan(4);
});

test('short pieces cost no more the more of them are kept', () => {
  const timeOf = (pieces: number) => {
    const search = new BoundarySearch();
    const zero = Buffer.alloc(1);
    const start = performance.now();
    for (let i = 0; i < 60_000; i++) {
      search.feed(zero, 0);
      if (i % pieces === 0) search.reset();
    }
    return performance.now() - start;
  };
  const least = (pieces: number) => Math.min(...Array.from({ length: 5 }, () => timeOf(pieces)));
  least(500);
  expect(least(60_000) / least(500)).toBeLessThan(4);
});
