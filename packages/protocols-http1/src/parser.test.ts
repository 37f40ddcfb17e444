// SPDX-License-Identifier: Apache-2.0
import type { ConnectionInfo, Direction, ParsedExchange, ProtocolParser } from '@flowtap/core';
import { runParser } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { outlines, requestOf, responseOf } from '../test/outline.js';
import { http1 } from './plugin.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

interface Feed {
  readonly exchanges: ParsedExchange[];
  readonly parser: ProtocolParser;
  send(direction: Direction, text: string, timestampNs: number, offset?: number): void;
}

function open(connection: Partial<ConnectionInfo> = {}, joinedLate = false): Feed {
  const exchanges: ParsedExchange[] = [];
  const info = { id: 1, role: 'unknown', transport: 'tcp', joinedLate: false, ...connection } as const;
  const parser = http1().createParser({
    connection: info,
    layer: 'raw',
    tls: false,
    role: info.role,
    joinedLate,
    limits: { maxHeaderBytes: 65_536, maxBodyBytes: 1000, maxPendingExchanges: 100 },
    wantsUpdates: false,
    open: () => undefined,
    emit: (exchange) => exchanges.push(exchange),
    handover: () => {},
    count: () => {},
  });
  const offsets = { ingress: 0, egress: 0 };
  return {
    exchanges,
    parser,
    send(direction, text, timestampNs, offset = offsets[direction]) {
      const bytes = Buffer.from(text, 'latin1');
      parser.data({ direction, offset, bytes, timestampNs });
      offsets[direction] = offset + bytes.length;
    },
  };
}

function both(request: string, response: string) {
  const { exchanges } = runParser(http1(), [
    { direction: 'egress', bytes: Buffer.from(request, 'latin1') },
    { direction: 'ingress', bytes: Buffer.from(response, 'latin1') },
  ]);
  const [exchange] = exchanges;
  if (exchange === undefined) throw new Error('no exchange');
  return { request: requestOf(exchange), response: responseOf(exchange) };
}

describe('what a message says', () => {
  test('headers keep case, order, duplicates and every byte', () => {
    const { request } = both(
      'GET / HTTP/1.1\r\nX-B: 1\r\nx-a:\t\xe9\xff \r\nX-B: 2\r\nEmpty:\r\nFolded: a\r\n  b\r\n\r\n',
      OK,
    );
    expect(request?.headers).toEqual([
      ['X-B', '1'],
      ['x-a', '\xe9\xff'],
      ['X-B', '2'],
      ['Empty', ''],
      ['Folded', 'a b'],
    ]);
  });

  test.each([
    ['GET /path HTTP/1.1\r\nHost: h:1', 'h:1'],
    ['GET http://other:2/path?x HTTP/1.1\r\nHost: h:1', 'other:2'],
    ['GET http://other?x HTTP/1.1\r\nHost: h:1', 'other'],
    ['OPTIONS * HTTP/1.1\r\nHost: h', 'h'],
    ['GET /redirect?to=http://x/ HTTP/1.1\r\nHost: h', 'h'],
    ['GET / HTTP/1.0\r\nAccept: x', undefined],
  ])('the authority of %j is %s', (head, authority) => {
    expect(both(`${head}\r\n\r\n`, OK).request?.authority).toBe(authority);
  });

  test('the content coding is named in lower case, the size is the one on the wire', () => {
    const { response } = both(
      'GET / HTTP/1.1\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Encoding: GZip\r\nContent-Length: 3\r\n\r\nabc',
    );
    expect(response?.body).toMatchObject({ contentEncoding: 'gzip', size: 3, truncated: false });
  });
});

describe('what an exchange says', () => {
  test('it lasts from the first byte of the request to the last byte of the later message', () => {
    const feed = open();
    feed.send('egress', '\r\n', 1);
    feed.send('egress', 'POST / HTTP/1.1\r\nContent-Length: 2\r\n', 5);
    feed.send('egress', '\r\na', 6);
    feed.send('ingress', OK, 7);
    feed.send('egress', 'b', 9);
    expect(feed.exchanges).toMatchObject([{ startNs: 5, endNs: 9, requestDirection: 'egress', scheme: 'http' }]);
  });

  test('it is handed out with its last byte, without waiting for anything', () => {
    const feed = open();
    feed.send('egress', 'GET / HTTP/1.1\r\n\r\n', 1);
    feed.send('ingress', OK.slice(0, -1), 2);
    expect(feed.exchanges).toHaveLength(0);
    feed.send('ingress', 'k', 3);
    expect(feed.exchanges).toHaveLength(1);
  });

  test('also the first one of a connection that was joined late', () => {
    const feed = open({ joinedLate: true, role: 'server' }, true);
    feed.send('ingress', 'GET / HTTP/1.1\r\n\r\n', 1);
    feed.send('egress', OK, 2);
    expect(feed.exchanges).toMatchObject([{ complete: true, requestDirection: 'ingress' }]);
  });

  test('behind TLS the scheme is https', () => {
    const steps = [{ direction: 'egress', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') }] as const;
    expect(runParser(http1(), steps, { layer: 'tls' }).exchanges).toMatchObject([{ scheme: 'https' }]);
  });
});

describe('order of the two directions', () => {
  test('a role that is known keeps a quoted request in a late-joined response from being believed', () => {
    const feed = open({ joinedLate: true, role: 'client' }, true);
    feed.send('ingress', 'GET /quoted HTTP/1.1\r\nHost: x\r\n\r\n', 1);
    feed.send('egress', 'GET /real HTTP/1.1\r\n\r\n', 2);
    feed.send('ingress', OK, 3);
    feed.parser.close('closed', 4);
    expect(feed.exchanges.map((exchange) => requestOf(exchange)?.target)).toEqual(['/real']);
  });

  test('offsets tell that the first request was lost, so the first response is not given to the second', () => {
    const feed = open({}, true);
    feed.send('egress', 'GET /2 HTTP/1.1\r\n\r\n', 1, 30);
    feed.send('ingress', OK, 2);
    feed.parser.close('closed', 3);
    expect(feed.exchanges.every((exchange) => !exchange.complete)).toBe(true);
    expect(feed.exchanges).toHaveLength(2);
  });

  test('a response is not held for ever: when too much waits for the request, it goes out alone', () => {
    const body = 'x'.repeat(100_000);
    const { exchanges, counts } = runParser(http1(), [
      { direction: 'egress', bytes: Buffer.from('GET /1 HTTP/1.1\r\n\r\n') },
      { direction: 'ingress', bytes: Buffer.from(OK) },
      { direction: 'ingress', bytes: Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${body}`) },
    ]);
    expect(exchanges.map(({ error }) => error?.code)).toEqual([undefined, 'request-not-captured']);
    expect(counts).toMatchObject({ 'held-too-long': 1 });
  });

  test('what was sent after CONNECT is read as HTTP again when the proxy refuses, also when it came in many pieces', () => {
    const steps = [
      { direction: 'egress', bytes: Buffer.from('CONNECT h:1 HTTP/1.1\r\n\r\n') },
      ...Array.from(
        'GET /a HTTP/1.1\r\n\r\n',
        (letter) => ({ direction: 'egress', bytes: Buffer.from(letter) }) as const,
      ),
      { direction: 'ingress', bytes: Buffer.from('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n') },
      { direction: 'ingress', bytes: Buffer.from(OK) },
    ] as const;
    const run = runParser(http1(), steps);
    expect(outlines(run).map(({ request, response }) => `${request} → ${response}`)).toEqual([
      'CONNECT h:1 HTTP/1.1 → 403 No HTTP/1.1',
      'GET /a HTTP/1.1 → 200 OK HTTP/1.1',
    ]);
  });
});
