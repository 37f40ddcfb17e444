// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Flag, FrameType } from '../src/constants.js';
import { BoundarySearch } from '../src/frame/boundary-search.js';
import { MAX_SEARCH_BYTES } from '../src/limits.js';
import { data, frame, headers, join, request } from './frames.js';

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
        const found = bytesBefore(new BoundarySearch(), join(before, frames), lengths) ?? Number.NaN;
        expect(boundaries.slice(0, 4)).toContain(found - before.length);
      }),
      { numRuns: 200 },
    );
  });
});

test('a call that begins with a frame is not displaced by places that lead beyond what has arrived', () => {
  const search = new BoundarySearch();
  // Small numbers of 32 bits: at many places a head of DATA of some hundred KiB.
  const numbers = Buffer.from(Int32Array.from({ length: 4096 }, (_, i) => 1 + ((i * 7) % 9)).buffer);
  const frame = data(1, numbers.toString('latin1'), 'open');
  expect(search.feed(frame, 1, 'known')).toBeUndefined();
  expect(search.feed(frame, 2, 'known')).toEqual([1, 2].map((timestampNs) => ({ bytes: frame, timestampNs })));
  expect(search.skippedBytes).toBe(0);
});

test.each([1, 2])('a long answer of small messages is found from its head on, in pieces: %i', (pieces) => {
  const messages = Array.from({ length: 200 }, () => data(1, 'small', 'open'));
  const before = join(Buffer.alloc(100, 0xff), headers(1, [[':status', '200']]), ...messages);
  const trailers = headers(1, [['grpc-status', '0']], 'end');
  const search = new BoundarySearch();
  const found =
    pieces === 1
      ? search.feed(join(before, trailers), 0, 'known')
      : (search.feed(before, 0, 'known') ?? search.feed(trailers, 0, 'known'));
  expect(found).toBeDefined();
  expect(search.skippedBytes).toBe(100);
});

test('of two places that turn out to be frames at once the first is taken', () => {
  const search = new BoundarySearch();
  const next = headers(3, request('/3'));
  const before = join(Buffer.alloc(20, 0xff), headers(1, request('/1')), data(1, 'content'));
  expect(search.feed(before, 0, 'known')).toBeUndefined();
  expect(search.feed(next.subarray(0, 12), 0, 'known')).toBeUndefined();
  expect(search.feed(next.subarray(12), 0, 'known')).toBeDefined();
  expect(search.skippedBytes).toBe(20);
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
    ['DATA', head(0, 0, 100, 0, 0, 0, 0, 0, 1)],
    ['long SETTINGS', head(0x00, 0x3f, 0xfc, 0x04, 0, 0, 0, 0, 0, 0x7f, 0x7f, 0)],
    ['WINDOW_UPDATE', head(0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 4, 8)],
  ])('is bounded where each head of %s leads to another, however long the piece', (_name, piece) => {
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

  test.each([
    ['fields', 0xbe],
    ['changes of the table', 0x20],
  ])('does not grow with the %s in a block to which many heads lead', (_name, byte) => {
    // No other byte of a head begins one.
    const stream = [0x0b, 0xff, 0xff, 0xff];
    const toBlock = (length: number) => {
      const heads = Array.from({ length: 5000 }, (_, i) => {
        const toEnd = 9 * (4999 - i);
        return head(0, toEnd >> 8, toEnd & 255, FrameType.DATA, 0, ...stream);
      });
      const block = frame(
        FrameType.HEADERS,
        Flag.END_HEADERS,
        Buffer.from(stream).readUInt32BE(),
        Buffer.alloc(length, byte),
      );
      const bytes = join(...heads, block);
      return () => {
        new BoundarySearch().feed(bytes, 0, 'anywhere');
      };
    };
    toBlock(16)();
    expect(leastOf(toBlock(16_000)) / leastOf(toBlock(16))).toBeLessThan(8);
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
