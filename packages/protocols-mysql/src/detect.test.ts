// SPDX-License-Identifier: Apache-2.0
import { pseudoRandomBytes } from '@flowtap/core/testing';
import { describe, expect, it } from 'vitest';
import { command, error, execution, greeting, little, login, message, ok, query, tlsRequest } from '../test/packets.js';
import { PROBE_BYTES } from './constants.js';
import { detect } from './detect.js';

const EMPTY = Buffer.alloc(0);

interface Asked {
  readonly ingress?: Buffer;
  readonly egress?: Buffer;
  readonly joinedLate?: boolean;
}

function ask({ ingress = EMPTY, egress = EMPTY, joinedLate = false }: Asked) {
  const connection = { id: 1, role: 'unknown', transport: 'tcp', joinedLate } as const;
  const clip = (bytes: Buffer) => bytes.subarray(0, PROBE_BYTES);
  return detect({ ingress: clip(ingress), egress: clip(egress), joinedLate, connection, layer: 'raw' });
}

/** Of the longest beginning that is not enough, and of one byte more. */
function turningPoint(bytes: Buffer): string {
  for (let length = 1; length <= bytes.length; length++) {
    const answer = ask({ ingress: bytes.subarray(0, length) });
    if (answer !== 'need-more') return answer;
  }
  return 'need-more';
}

describe('a connection that is seen from its beginning on', () => {
  it.each([
    ['a greeting of MySQL', greeting()],
    ['a greeting of MariaDB', greeting({ version: '5.5.5-10.11.6-MariaDB-0+deb12u1' })],
    ['an error in place of a greeting', message(0, 0xff, little(1129, 2), "Host '10.0.0.1' is blocked")],
    ['a login', login()],
    ['a request of TLS', tlsRequest()],
    ['a login under TLS', login({ sequence: 2 })],
  ])('is one that begins with %s, however it is cut', (_, bytes) => {
    expect(turningPoint(bytes)).toBe('match');
  });

  it.each([
    ['SMTP', '220 mail.example.com ESMTP Postfix\r\n'],
    ['FTP', '220 (vsFTPd 3.0.5)\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'],
    ['IMAP', '* OK [CAPABILITY IMAP4rev1] ready\r\n'],
    ['NATS', 'INFO {"server_id":"x"}\r\n'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['Redis', '*1\r\n$4\r\nPING\r\n'],
    ['a start of PostgreSQL', '\0\0\0\x29\0\x03\0\0user\0postgres\0'],
    ['a request of TLS of PostgreSQL', '\0\0\0\x08\x04\xd2\x16\x2f'],
    ['an answer of PostgreSQL', 'R\0\0\0\x08\0\0\0\0S\0\0\0\x16'],
    ['MQTT', '\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02ab'],
    ['MongoDB', '\x3f\0\0\0\x01\0\0\0\0\0\0\0\xd4\x07\0\0'],
    ['zeros', '\0'.repeat(PROBE_BYTES)],
  ])('is none that begins with %s', (_, text) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(turningPoint(bytes)).not.toBe('match');
    expect(ask({ ingress: bytes, joinedLate: true })).not.toBe('match');
    expect(ask({ egress: bytes, joinedLate: true })).not.toBe('match');
  });

  it('is none when the other side speaks something else', () => {
    expect(ask({ ingress: Buffer.from('N'), egress: Buffer.from('\0\0\0\x08\x04\xd2\x16\x2f', 'latin1') })).toBe(
      'no-match',
    );
  });
});

describe('a connection that was joined late', () => {
  it.each([
    ['a query', query('SELECT 1')],
    ['a query in a comment', query('/* app */ SELECT * FROM t')],
    ['a query that is long', query(`SELECT '${'x'.repeat(1000)}'`)],
    ['a query with room for attributes', query(Buffer.from('\0\x01SELECT 1'))],
    ['an execution', message(0, execution(1, []))],
  ])('is one when a client sends %s', (_, bytes) => {
    expect(ask({ egress: bytes, joinedLate: true })).toBe('match');
    expect(ask({ egress: bytes, joinedLate: false })).toBe('no-match');
  });

  it('is one when a short command has an answer', () => {
    const egress = command(0x0e);
    expect(ask({ egress, joinedLate: true })).toBe('need-more');
    expect(ask({ egress, ingress: message(1, ok()), joinedLate: true })).toBe('match');
    expect(ask({ egress, ingress: message(1, error(1047, '08S01', 'Unknown command')), joinedLate: true })).toBe(
      'match',
    );
    expect(ask({ egress, ingress: Buffer.from('something else'), joinedLate: true })).toBe('no-match');
  });

  it('is one when a command that nobody answers is followed by a query', () => {
    const close = command(0x19, little(7, 4));
    expect(ask({ egress: close, joinedLate: true })).toBe('need-more');
    expect(ask({ egress: Buffer.concat([close, query('SELECT 1')]), joinedLate: true })).toBe('match');
    expect(ask({ egress: Buffer.concat([close, Buffer.from('SELECT 1')]), joinedLate: true })).toBe('no-match');
  });

  it('waits for the rest of a header that was read alone', () => {
    expect(ask({ ingress: query('SELECT 1').subarray(0, 4), joinedLate: true })).toBe('need-more');
  });

  it('is never noise', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const noise = { ingress: pseudoRandomBytes(seed, 300), egress: pseudoRandomBytes(seed + 5000, 300) };
      expect(ask({ ...noise, joinedLate: true })).not.toBe('match');
      expect(ask(noise)).not.toBe('match');
    }
  });
});
