// SPDX-License-Identifier: Apache-2.0
import type { Detection } from '@flowtap/core';
import { pseudoRandomBytes } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { PROBE_BYTES } from './constants.js';
import { detect } from './detect.js';

function ask(egress: string | Buffer, ingress: string | Buffer = '', joinedLate = false): Detection {
  const connection = { id: 1, role: 'unknown', transport: 'tcp', joinedLate } as const;
  const bytes = (given: string | Buffer) => (typeof given === 'string' ? Buffer.from(given, 'latin1') : given);
  return detect({ egress: bytes(egress), ingress: bytes(ingress), joinedLate, connection, layer: 'raw' });
}

describe('the beginning of a stream', () => {
  test.each<[string, Detection]>([
    ['GET /', 'match'],
    ['\r\n\r\nGET /', 'match'],
    ['DELETE http://x/', 'match'],
    ['OPTIONS * HTTP/1.1\r\n', 'match'],
    ['CONNECT a:1 HTTP/1.1\r\n', 'match'],
    ['X-OWN thing HTTP/1.0\n', 'match'],
    ['HTTP/1.1 200', 'match'],
    ['HTTP/1.0 404 Not Found\r\n', 'match'],
    ['', 'need-more'],
    ['\r\n', 'need-more'],
    ['G', 'need-more'],
    ['GET', 'need-more'],
    ['GET ', 'need-more'],
    ['GET x', 'need-more'],
    ['HTTP/1.', 'need-more'],
    ['HTTP/1.1 2', 'need-more'],
    ['GET / HTTP/2.0\r\n', 'no-match'],
    ['GET / RTSP/1.0\r\n', 'no-match'],
    ['OPTIONS * RTSP/1.0\r\n', 'no-match'],
    ['GET key\r\n', 'no-match'],
    ['HTTP/2 200', 'no-match'],
    ['HTTP/1.1 abc', 'no-match'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'no-match'],
    ['220 smtp ready\r\n', 'no-match'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'no-match'],
    ['\x16\x03\x01\x02\x00\x01', 'no-match'],
    ['\x00\x00\x12\x04', 'no-match'],
    ['GET\x00', 'no-match'],
    ['A'.repeat(33), 'no-match'],
  ])('%j: %s', (bytes, expected) => {
    expect(ask(bytes)).toBe(expected);
    expect(ask('', bytes)).toBe(expected);
  });

  test('whatever answers a request, it is HTTP/1', () => {
    expect(ask('GET / HTTP/1.1\r\n', '\x15\x03\x01\x00\x02')).toBe('match');
  });

  test('random bytes are refused at once', () => {
    for (let seed = 1; seed <= 200; seed++) expect(ask(pseudoRandomBytes(seed, 40))).toBe('no-match');
  });
});

describe('a stream that was joined late', () => {
  test('a start line behind the rest of a message is found', () => {
    expect(ask('', 'rest of a body\r\nHTTP/1.1 200 OK\r\n', true)).toBe('match');
    expect(ask('{"tail":1}POST /next HTTP/1.1\r\n', '', true)).toBe('match');
  });

  test('the middle of a message waits for the next one, also in the other direction', () => {
    expect(ask('', 'rest of a body', true)).toBe('need-more');
    expect(ask('', 'x'.repeat(PROBE_BYTES), true)).toBe('need-more');
    expect(ask('GET /', 'x'.repeat(PROBE_BYTES), true)).toBe('match');
  });

  test('bytes without any start line are given up in the end', () => {
    const noise = pseudoRandomBytes(7, PROBE_BYTES);
    expect(ask(noise, noise, true)).toBe('no-match');
  });

  test('TLS records and the preface of HTTP/2 are refused at once', () => {
    expect(ask('\x17\x03\x03\x00\x20abc', '', true)).toBe('no-match');
    expect(ask('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '', true)).toBe('no-match');
  });
});
