// SPDX-License-Identifier: Apache-2.0
import { pseudoRandomBytes } from '@flowtap/core/testing';
import { describe, expect, it } from 'vitest';
import { BINARY, frame, MASK, PING, text } from '../test/frames.js';
import { PROBE_BYTES } from './constants.js';
import { detect } from './detect.js';

const EMPTY = Buffer.alloc(0);

function ask(ingress: Buffer, egress: Buffer = EMPTY, joinedLate = true) {
  const connection = { id: 1, role: 'unknown', transport: 'tcp', joinedLate } as const;
  return detect({ ingress, egress, joinedLate, connection, layer: 'raw' });
}

const said = 'a sentence that is long enough to be no accident';

describe('a connection that was joined late', () => {
  it('is a WebSocket when a client speaks text under a mask', () => {
    expect(ask(frame({ ...text(said), mask: MASK }))).toBe('match');
    expect(ask(EMPTY, frame({ ...text(said.repeat(100)), mask: MASK }).subarray(0, PROBE_BYTES))).toBe('match');
  });

  it('is one when a server says several things, and not before', () => {
    const one = frame(text(said));
    expect(ask(one)).toBe('need-more');
    expect(ask(Buffer.concat([one, one]))).toBe('need-more');
    expect(ask(Buffer.concat([one, one, one]))).toBe('match');
  });

  it('needs many frames of bytes', () => {
    const bytes = (count: number) =>
      Buffer.concat(
        Array.from({ length: count }, (_, i) => frame({ opcode: i % 3 === 0 ? PING : BINARY, payload: said })),
      );
    expect(ask(bytes(3))).toBe('need-more');
    expect(ask(bytes(9))).toBe('match');
  });

  it.each([
    ['HTTP/1', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a request', 'GET / HTTP/1.1\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS record', '\x17\x03\x03\x00\x20'],
    ['zeros', '\0'.repeat(PROBE_BYTES)],
    ['one byte', '\x82'.repeat(PROBE_BYTES)],
    ['a pattern', '\x82\x02ab'.repeat(PROBE_BYTES / 4)],
    ['a mask over zeros', `\x81\xa8abcd${'\0'.repeat(PROBE_BYTES)}`],
  ])('is not one that speaks %s', (_, bytes) => {
    expect(ask(Buffer.from(bytes, 'latin1'))).not.toBe('match');
  });

  it('is never noise', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      expect(ask(pseudoRandomBytes(seed, 200), pseudoRandomBytes(seed + 5000, 200))).not.toBe('match');
    }
  });
});

it('is not detected on a connection that was seen from its first byte on: HTTP hands it over', () => {
  expect(ask(frame({ ...text(said), mask: MASK }), EMPTY, false)).toBe('no-match');
});
