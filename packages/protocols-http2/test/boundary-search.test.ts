// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundarySearch } from '../src/frame/boundary-search.js';
import { MAX_SEARCH_BYTES } from '../src/limits.js';
import { data, headers, join, request } from './frames.js';

const all = [1, 3, 5, 7].flatMap((stream) => [
  headers(stream, request(`/${stream}`), 'open', true),
  data(stream, 'content'),
]);
const frames = join(...all);
const boundaries = all.map((_, index) => join(...all.slice(0, index)).length);

/** Cuts in turn to these lengths; gives what comes before the frames that are found. */
function bytesBefore(search: BoundarySearch, bytes: Buffer, lengths: readonly number[]): number | undefined {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const piece = bytes.subarray(at, at + (lengths[i % lengths.length] ?? 1));
    at += piece.length;
    if (search.feed(piece, 0, 'known') !== undefined) return search.skippedBytes;
  }
  return undefined;
}

const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 90_000 })), {
  minLength: 1,
  maxLength: 10,
});
const noise = fc.nat({ max: 2 * MAX_SEARCH_BYTES }).map((length) => Buffer.alloc(length, 0xff));

describe('behind bytes of which none begins a frame', () => {
  test('frames are found from the first on, when a call begins with it', () => {
    fc.assert(
      fc.property(noise, lengths, lengths, (before, noiseLengths, lengths) => {
        const search = new BoundarySearch();
        expect(bytesBefore(search, before, noiseLengths)).toBeUndefined();
        expect(bytesBefore(search, frames, lengths)).toBe(before.length);
      }),
      { numRuns: 200 },
    );
  });

  test('a frame is found, and among the first, wherever calls begin', () => {
    fc.assert(
      fc.property(noise, lengths, (before, lengths) => {
        const found = bytesBefore(new BoundarySearch(), join(before, frames), lengths);
        expect(boundaries.slice(0, 4)).toContain((found ?? 0) - before.length);
      }),
      { numRuns: 200 },
    );
  });
});

test('a call that begins with a frame is not displaced by places that lead beyond what has arrived', () => {
  const search = new BoundarySearch();
  // Small numbers of 32 bits: at most places a head of DATA of some MiB.
  const numbers = Buffer.from(Int32Array.from({ length: 4096 }, (_, i) => 1 + ((i * 7) % 9)).buffer);
  const frame = data(1, numbers.toString('latin1'), 'open');
  expect(search.feed(frame, 0, 'known')).toBeUndefined();
  expect(search.feed(frame, 0, 'known')).toBeDefined();
  expect(search.skippedBytes).toBe(0);
});

test('a long answer of small messages is found from its head on', () => {
  const messages = Array.from({ length: 200 }, () => data(1, 'small', 'open'));
  const answer = join(headers(1, [[':status', '200']]), ...messages, headers(1, [['grpc-status', '0']], 'end'));
  const search = new BoundarySearch();
  expect(search.feed(join(Buffer.alloc(100, 0xff), answer), 0, 'known')).toBeDefined();
  expect(search.skippedBytes).toBe(100);
});

describe('the cost of a byte', () => {
  /** The least of several runs: others use the machine. */
  const leastOf = (run: () => void) => {
    const timeOf = () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    };
    return Math.min(...Array.from({ length: 5 }, timeOf));
  };
  const head = (...bytes: number[]) => Buffer.from(bytes);
  const repeated = (piece: Buffer) => Buffer.concat(Array.from({ length: 65_536 / piece.length }, () => piece));

  test.each([
    // At each place a head that leads to another.
    ['DATA', head(0, 0, 100, 0, 0, 0, 0, 0, 1)],
    ['long SETTINGS', head(0x00, 0x3f, 0xfc, 0x04, 0, 0, 0, 0, 0, 0x7f, 0x7f, 0)],
    ['header blocks of many fields', head(0x00, 0x40, 0x00, 0x01, 0x04, 0, 0, 0, 1, 0xbe, 0xbe, 0xbe)],
    ['windows', head(0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 4, 8)],
  ])('is bounded for heads of %s, however long the piece', (_name, piece) => {
    const bytes = repeated(piece);
    const inPieces = (length: number) => () => {
      for (let at = 0; at < bytes.length; at += length) {
        const search = new BoundarySearch();
        search.feed(bytes.subarray(at, at + length), 0, 'anywhere');
      }
    };
    inPieces(4096)();
    expect(leastOf(inPieces(65_536)) / leastOf(inPieces(4096))).toBeLessThan(6);
  });

  test('does not grow with the number of pieces that are kept', () => {
    const zero = Buffer.alloc(1);
    const kept = (pieces: number) => () => {
      const search = new BoundarySearch();
      for (let i = 0; i < 60_000; i++) {
        search.feed(zero, 0, 'known');
        if (i % pieces === 0) search.reset();
      }
    };
    kept(500)();
    expect(leastOf(kept(60_000)) / leastOf(kept(500))).toBeLessThan(4);
  });
});
