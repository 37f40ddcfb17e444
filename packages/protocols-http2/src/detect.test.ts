// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';
import type { Detection } from '@flowtap/core';
import { pseudoRandomBytes } from '@flowtap/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detect } from './detect.js';
import { PROBE_BYTES } from './limits.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTINGS = '\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64';
const WINDOW_UPDATE = '\0\0\x04\x08\0\0\0\0\x05\0\0\x10\0';
const CONNECTION_WINDOW_UPDATE = '\0\0\x04\x08\0\0\0\0\0\0\0\x10\0';
/** :method: GET, :path: / */
const REQUEST = '\0\0\x02\x01\x05\0\0\0\x07\x82\x84';
const RESPONSE = '\0\0\x01\x01\x04\0\0\0\x07\x88';
const DATA = '\0\0\x05\0\x01\0\0\0\x07hello';

function ask(egress: string | Buffer, ingress: string | Buffer = '', joinedLate = false): Detection {
  const connection = { id: 1, role: 'unknown', transport: 'tcp', joinedLate } as const;
  const bytes = (given: string | Buffer) => (typeof given === 'string' ? Buffer.from(given, 'latin1') : given);
  return detect({ egress: bytes(egress), ingress: bytes(ingress), joinedLate, connection, layer: 'raw' });
}

describe('the beginning of a stream', () => {
  test.each<[string, Detection]>([
    [PREFACE, 'match'],
    [`${PREFACE}${SETTINGS}`, 'match'],
    ['P', 'need-more'],
    [PREFACE.slice(0, 20), 'need-more'],
    [SETTINGS, 'need-more'],
    ['\0\0', 'need-more'],
    ['', 'need-more'],
    ['POST / HTTP/1.1\r\n', 'no-match'],
    ['PRI * HTTP/2.1', 'no-match'],
    [WINDOW_UPDATE, 'no-match'],
    ['\x16\x03\x01\x02\0\x01', 'no-match'],
  ])('%j: %s', (bytes, expected) => {
    expect(ask(bytes)).toBe(expected);
    expect(ask('', bytes)).toBe(expected);
  });

  test('a server that begins waits for its client, and only for that of HTTP/2', () => {
    expect(ask(PREFACE, SETTINGS)).toBe('match');
    expect(ask(PREFACE.slice(0, 5), SETTINGS)).toBe('need-more');
    expect(ask('GET / HTTP/1.1', SETTINGS)).toBe('no-match');
  });
});

describe('a stream that was joined late', () => {
  test.each<[string, string, string, Detection]>([
    ['a request and its response', REQUEST, RESPONSE, 'match'],
    ['a request alone', REQUEST, '', 'need-more'],
    ['a response with its body', '', RESPONSE + DATA, 'match'],
    ['two small control frames', CONNECTION_WINDOW_UPDATE + WINDOW_UPDATE, '', 'match'],
    ['the same frame again and again', WINDOW_UPDATE.repeat(300), '', 'need-more'],
    ['frames behind the rest of one', `rest of a body${RESPONSE}${DATA}${WINDOW_UPDATE}`, '', 'match'],
    ['few frames behind the rest of one', `rest of a body${CONNECTION_WINDOW_UPDATE}${WINDOW_UPDATE}`, '', 'no-match'],
    ['the rest of a frame', '', 'rest of a body', 'no-match'],
    ['the rest of a frame, and a request', REQUEST, 'rest of a body', 'need-more'],
    ['HTTP/1', 'GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n', 'no-match'],
    ['zeros', '\0'.repeat(100), '\0'.repeat(100), 'no-match'],
    ['a preface after all', PREFACE, '', 'match'],
  ])('%s', (_name, egress, ingress, expected) => {
    expect(ask(egress, ingress, true)).toBe(expected);
  });

  const noise = fc.uint8Array({ minLength: 9, maxLength: 2000 }).map((array) => Buffer.from(array));
  /** Records as an observer sees them that came in the middle (RFC 8446 §5.1). */
  const records = fc
    .array(fc.tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ maxLength: 300 })), {
      minLength: 1,
      maxLength: 10,
    })
    .map((list) =>
      Buffer.concat(
        list.map(([type, content]) =>
          Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 255]), content]),
        ),
      ),
    );
  /** Frame-like numbers in the layouts that binary protocols use. */
  const binary = fc
    .array(
      fc.oneof(
        fc.nat({ max: 300 }).map((n) => Buffer.from([0, 0, n >> 8, n & 255])),
        fc.nat({ max: 300 }).map((n) => Buffer.from([n & 255, n >> 8, 0, 0])),
        fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array)),
      ),
      { minLength: 3, maxLength: 80 },
    )
    .map((list) => Buffer.concat(list));

  test.each([
    ['random bytes', noise, noise],
    ['TLS records', records, records],
    ['the middle of TLS records', records.map((bytes) => bytes.subarray(3)), noise],
    ['other binary protocols', binary, binary],
  ])('%s are never taken for HTTP/2', (_name, first, second) => {
    fc.assert(
      fc.property(first, second, (egress, ingress) => {
        expect(ask(egress, ingress, true)).not.toBe('match');
        expect(ask(egress, ingress, false)).not.toBe('match');
      }),
      { numRuns: 3000 },
    );
  });

  /** What a place among binary data may hold: any byte, few values, mostly zeros, small numbers of a width, records. */
  const shapes: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
    ['random bytes', (bytes) => bytes],
    ['few values', (bytes) => bytes.map((byte) => byte % 13) as Buffer],
    ['mostly zeros', (bytes) => bytes.map((byte, i) => ((bytes[i - 1] ?? 0) < 180 ? 0 : byte)) as Buffer],
    [
      'mostly zeros, few values',
      (bytes) => bytes.map((byte, i) => ((bytes[i - 1] ?? 0) < 180 ? 0 : byte % 13)) as Buffer,
    ],
    ['numbers of 32 bits', (bytes) => bytes.map((byte, i) => (i % 4 === 3 ? byte % 40 : 0)) as Buffer],
    [
      'numbers of 32 bits, lowest byte first',
      (bytes) => bytes.map((byte, i) => (i % 4 === 0 ? byte % 40 : 0)) as Buffer,
    ],
    ['numbers of 64 bits', (bytes) => bytes.map((byte, i) => (i % 8 === 7 ? byte % 16 : 0)) as Buffer],
    [
      'records that repeat',
      (bytes) => {
        const size = 8 + ((bytes[0] ?? 0) % 60);
        return bytes.map((_, i) => ((bytes[i % size] ?? 0) % 10 < 7 ? 0 : (bytes[i % size] ?? 0) % 64)) as Buffer;
      },
    ],
  ];

  test.each(shapes)('%s of many seeds are never taken for HTTP/2, wherever they begin', (_name, shape) => {
    const first = 1 + Math.floor(Math.random() * 1e6);
    for (let seed = first; seed < first + 1500; seed++) {
      const bytes = shape(pseudoRandomBytes(seed, 1500));
      expect(ask(bytes, bytes.subarray(seed % 700), true), `seed ${seed}`).not.toBe('match');
    }
  });

  test('what programs are made of is not taken for HTTP/2', () => {
    const file = openSync(process.execPath, 'r');
    const bytes = Buffer.alloc(PROBE_BYTES);
    let taken = 0;
    for (let window = 0; window < 4000; window++) {
      if (readSync(file, bytes, 0, PROBE_BYTES, window * 5 * PROBE_BYTES) < PROBE_BYTES) break;
      if (ask(bytes, '', true) === 'match') taken += 1;
    }
    closeSync(file);
    expect(taken).toBe(0);
  });

  test('with all the bytes it asks for, it decides about noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: PROBE_BYTES, maxLength: PROBE_BYTES }), (array) => {
        expect(ask(Buffer.from(array), Buffer.from(array).reverse(), true)).toBe('no-match');
      }),
      { numRuns: 100 },
    );
  });
});
