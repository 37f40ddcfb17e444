// SPDX-License-Identifier: Apache-2.0
import { type ProtocolVector, runParser, testProtocol } from '@flowtap/core/testing';
import { describe, expect, it } from 'vitest';
import { memcached } from './index.js';

const client = (bytes: string) => ({ direction: 'egress', bytes }) as const;
const server = (bytes: string) => ({ direction: 'ingress', bytes }) as const;

const VECTORS: readonly ProtocolVector[] = [
  {
    name: 'a value is stored and read',
    messages: [
      client('set greeting 0 0 5\r\nhello\r\n'),
      server('STORED\r\n'),
      client('get greeting missing\r\n'),
      server('VALUE greeting 0 5\r\nhello\r\nEND\r\n'),
    ],
    verify: ({ exchanges }) => {
      const [set, get] = exchanges;
      expect(set).toMatchObject({ complete: true, request: { command: 'set' }, response: { status: 'STORED' } });
      expect(set?.request).toMatchObject({ value: { size: 5, bytes: Buffer.from('hello') } });
      expect(get?.response).toMatchObject({
        status: 'END',
        count: 1,
        items: [{ key: 'greeting', value: { size: 5 } }],
      });
      expect(exchanges).toHaveLength(2);
    },
  },
  {
    name: 'commands that do not wait for their replies',
    messages: [client('incr n 1\r\ndelete a noreply\r\nget a\r\nquit\r\n'), server('8\r\nEND\r\n')],
    verify: ({ exchanges }) => {
      const pairs = exchanges.map(({ request, response }) => [request, response].map(textOf).join(' → '));
      expect(pairs.sort()).toEqual(['delete → ', 'get → END', 'incr → 8', 'quit → ']);
    },
  },
  {
    name: 'a value that looks like a command',
    messages: [
      client('set a 0 0 7\r\nget b\r\n\r\nget a\r\n'),
      server('STORED\r\nVALUE a 0 7\r\nget b\r\n\r\nEND\r\n'),
    ],
    verify: ({ exchanges }) => expect(exchanges.map(({ complete }) => complete)).toEqual([true, true]),
  },
  {
    name: 'statistics',
    messages: [client('stats\r\n'), server('STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n')],
    verify: ({ exchanges }) => expect(exchanges[0]?.response).toMatchObject({ status: 'END', count: 2, items: [] }),
  },
  {
    name: 'another protocol',
    messages: [client('GET / HTTP/1.1\r\n\r\n')],
    detects: false,
    verify: ({ exchanges }) => expect(exchanges).toEqual([]),
  },
];

/** The command of a request, the status of a response. */
function textOf(message: unknown): string {
  const { command, status } = (message ?? {}) as { readonly command?: string; readonly status?: string };
  return command ?? status ?? '';
}

describe('memcached', () => {
  it('keeps what every protocol plugin promises', () => testProtocol(memcached(), VECTORS));

  it('keeps a value with a hole in it whole otherwise', () => {
    const { exchanges } = runParser(memcached(), [
      { direction: 'egress', bytes: Buffer.from('get a\r\n') },
      { direction: 'ingress', bytes: Buffer.from('VALUE a 0 6\r\nab') },
      { direction: 'ingress', gapBytes: 2 },
      { direction: 'ingress', bytes: Buffer.from('ef\r\nEND\r\n') },
    ]);
    expect(exchanges[0]).toMatchObject({ complete: true, gaps: [{ direction: 'ingress', bytes: 2 }] });
    expect(exchanges[0]?.response).toMatchObject({ items: [{ value: { size: 6, truncated: true } }] });
  });

  it('says that a reply was not captured', () => {
    const { exchanges } = runParser(memcached(), [
      { direction: 'egress', bytes: Buffer.from('get a\r\n') },
      { direction: 'ingress', gapBytes: 10 },
      { direction: 'egress', bytes: Buffer.from('get b\r\n') },
      { direction: 'ingress', bytes: Buffer.from('\r\nEND\r\n') },
    ]);
    expect(exchanges.map(({ error }) => error?.code)).toEqual(['response-not-captured', undefined]);
  });
});
