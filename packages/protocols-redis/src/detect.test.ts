// SPDX-License-Identifier: Apache-2.0
import { pseudoRandomBytes } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { command } from '../test/resp.js';
import { detect } from './detect.js';

function ask(ingress: Buffer | string, egress: Buffer | string = '', joinedLate = false) {
  const connection = { id: 1, role: 'unknown', transport: 'tcp', joinedLate } as const;
  const [one, other] = [ingress, egress].map((bytes) => Buffer.from(bytes as string, 'latin1'));
  return detect({
    ingress: one ?? Buffer.alloc(0),
    egress: other ?? Buffer.alloc(0),
    joinedLate,
    connection,
    layer: 'raw',
  });
}

test('a command is Redis, of either side, also of a module', () => {
  expect(ask(command('GET', 'x'))).toBe('match');
  expect(ask('', command('HELLO', '3'))).toBe('match');
  expect(ask(command('FT.SEARCH', 'i', 'q'))).toBe('match');
  expect(ask(command('GET', 'x').subarray(0, 9))).toBe('need-more');
});

test('a line is Redis when it is answered as Redis does', () => {
  expect(ask('PING\r\n')).toBe('need-more');
  expect(ask('PING\r\n', '+PONG\r\n')).toBe('match');
  expect(ask('get x\n', '$-1\r\n')).toBe('match');
});

describe('other protocols', () => {
  test.each([
    ['NATS', 'CONNECT {}\r\nPING\r\n', 'INFO {"server_id":"x"}\r\n'],
    ['memcached', 'get x\r\n', 'END\r\n'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 200 OK\r\n'],
    ['POP3', 'USER me\r\n', '+OK ready\r\n'],
    ['SMTP', 'EHLO me\r\n', '220 mail ready\r\n'],
    ['IRC', 'NICK me\r\n', ':server 001 me :Welcome\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01', ''],
    ['an array of numbers', '*1\r\n:1\r\n', ''],
    ['a long line', 'x'.repeat(1024), ''],
  ])('%s', (_, client, server) => {
    expect(ask(client, server)).toBe('no-match');
    expect(ask(server, client)).toBe('no-match');
    expect(ask(client, server, true)).not.toBe('match');
  });

  test('HTTP is let go with its first line, however it is cut', () => {
    for (const line of ['GET / HTTP/1.1\r\n', 'COPY /a HTTP/1.1\r\n', 'MOVE /a HTTP/1.0\r\n']) {
      expect(ask(line)).toBe('no-match');
      for (let end = 1; end < line.length - 4; end++) expect(ask(line.slice(0, end))).not.toBe('match');
    }
  });

  test('noise', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      expect(ask(pseudoRandomBytes(seed, 200), pseudoRandomBytes(seed + 5000, 200), true)).not.toBe('match');
    }
  });
});

describe('a connection that was joined late', () => {
  test('shows by what the server pushes', () => {
    expect(ask('>3\r\n+message\r\n', '', true)).toBe('match');
    expect(ask(command('message', 'c', 'text'), '', true)).toBe('match');
    expect(ask(command('message', 'c', 'text'), '')).not.toBe('match');
  });

  test('shows by its next command, whatever comes before it', () => {
    expect(ask('+OK\r\n', '', true)).toBe('need-more');
    expect(ask('+OK\r\n', command('GET', 'x'), true)).toBe('match');
  });
});
