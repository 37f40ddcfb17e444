// SPDX-License-Identifier: Apache-2.0
import { runParser, testProtocol } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { http2 } from '../src/index.js';
import { framesIn } from './frames.js';
import { outlines } from './outline.js';
import { findWrongClaims } from './truth.js';
import { DIRECTIONS, VECTORS } from './vectors.js';

describe('conversations, whole, byte by byte, at every split and with gaps at every place', () => {
  test.each(VECTORS)('$name', ({ name, wire, expected, counts, limits = {} }) => {
    const messages = wire.map(([from, bytes]) => ({ direction: DIRECTIONS[from], bytes }));
    const options = { layer: 'tls', limits } as const;
    const whole = runParser(http2(), messages, options);
    expect(outlines(whole)).toEqual(expected);
    if (counts !== undefined) expect(whole.counts).toEqual(counts);
    // Every place of a large body would take minutes and tell nothing more.
    const isLarge = wire.some(([, bytes]) => bytes.length > 3000);
    if (!isLarge) testProtocol(http2(), [{ name, messages, verify: () => {}, ...options }]);
  });
});

test('the order in which two directions are seen does not matter', () => {
  for (const { wire, expected, limits = {} } of VECTORS.slice(0, 5)) {
    const client = wire.filter(([from]) => from === 'c');
    const server = wire.filter(([from]) => from === 's');
    // The server's bytes first, all of them: its threads were faster to be captured.
    const messages = [...server, ...client].map(([from, bytes]) => ({ direction: DIRECTIONS[from], bytes }));
    const found = outlines(runParser(http2(), messages, { layer: 'tls', limits, connection: { role: 'client' } }));
    expect([...found].sort(byRequest)).toEqual([...expected].sort(byRequest));
  }
});

function byRequest(a: { readonly request?: string }, b: { readonly request?: string }): number {
  return String(a.request).localeCompare(String(b.request));
}

test.each(VECTORS)('$name: joined at each frame, with what follows it, nothing wrong is said', ({ wire }) => {
  const options = { layer: 'tls', connection: { role: 'client' } } as const;
  const frames = framesIn(wire.map(([from, bytes]) => ({ direction: DIRECTIONS[from], bytes })));
  const whole = runParser(http2(), frames, options).exchanges;
  // The first two pieces are the preface and the SETTINGS behind it.
  for (let from = 1; from < frames.length; from++) {
    const { exchanges } = runParser(http2(), frames.slice(from), { ...options, joinedLate: true });
    expect(findWrongClaims(whole, exchanges)).toEqual([]);
    for (const { joined } of exchanges) expect(joined).toBe('late');
  }
});
