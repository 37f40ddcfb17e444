// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { type ExchangeFlow, HttpBody, type HttpRequest, type SqlRequest, type SqlResponse } from '@flowtap/core';
import { describe, expect, it } from 'vitest';
import { bodyOf, exchangeFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import { requestToGui, responseToGui } from './flow-to-gui.js';
import { textPayload } from './text-payload.js';

const MAX = 1024;

function framed(message: string, compressed = false): Buffer {
  const content = compressed ? gzipSync(message) : Buffer.from(message);
  const prefix = Buffer.alloc(5, compressed ? 1 : 0);
  prefix.writeUInt32BE(content.length, 1);
  return Buffer.concat([prefix, content]);
}

function grpcRequest(frames: readonly Buffer[]): HttpRequest {
  const messages = frames.map((frame) => {
    const compressed = frame[0] === 1;
    return { offsetMs: 0, compressed, content: bodyOf(frame.subarray(5), compressed ? 'gzip' : undefined) };
  });
  const grpc = { service: 'test.v1.Echo', method: 'Say', messages, messageCount: messages.length };
  return requestOf({ target: '/test.v1.Echo/Say', httpVersion: '2', body: bodyOf(Buffer.concat(frames)), grpc });
}

describe('the protocol', () => {
  it.each([
    ['1.0', 'http'],
    ['1.1', 'http'],
    ['2', 'http2'],
  ])('of HTTP %s is %s', (httpVersion, expected) => {
    const flow = exchangeFlow({ request: requestOf({ httpVersion }), response: responseOf({ httpVersion }) });
    expect(requestToGui(flow, MAX)?.l7Protocol).toBe(expected);
    expect(responseToGui(flow, MAX)?.l7Protocol).toBe(expected);
  });
});

describe('gRPC', () => {
  const call = (request: HttpRequest) => requestToGui(exchangeFlow({ protocol: 'grpc', request }), MAX)?.request;

  it('keeps the prefix of each message', () => {
    const frames = [framed('one'), framed(''), framed('three')];
    expect(call(grpcRequest(frames))).toMatchObject({
      $case: 'grpcRequest',
      grpcRequest: { path: '/test.v1.Echo/Say', payload: Buffer.concat(frames) },
    });
  });

  it('sends compressed messages without their compression', () => {
    const frames = [framed('one'), framed('two '.repeat(50), true)];
    const payload = Buffer.concat([framed('one'), framed('two '.repeat(50))]);
    expect(call(grpcRequest(frames))).toMatchObject({ grpcRequest: { payload } });
  });

  it('leaves out messages that find no room, whole', () => {
    const frames = [framed('a'.repeat(600)), framed('b'.repeat(600))];
    expect(call(grpcRequest(frames))).toMatchObject({ grpcRequest: { payload: frames[0] } });
  });

  it('puts the status, which came in the trailers, among the headers', () => {
    const response = responseOf({ body: bodyOf(framed('x')), trailers: [['grpc-status', '5']] });
    const half = responseToGui(exchangeFlow({ protocol: 'grpc', response }), MAX)?.response;
    expect(half?.$case === 'grpcResponse' && half.grpcResponse.headers.get('grpc-status')).toEqual({ values: ['5'] });
  });
});

describe('the parts', () => {
  it('names the host by the address when the request does not', () => {
    const { authority: _, ...request } = requestOf();
    expect(requestToGui(exchangeFlow({ request }), MAX)?.request).toMatchObject({
      httpRequest: { host: '[::1]:8080' },
    });
  });

  it('keeps a header of any name', () => {
    const headers = [['__proto__', 'x'] as const, ['constructor', 'y'] as const];
    const half = requestToGui(exchangeFlow({ request: requestOf({ headers }) }), MAX)?.request;
    expect(half?.$case === 'httpRequest' && [...half.httpRequest.headers.keys()]).toEqual(['__proto__', 'constructor']);
  });

  it('has empty addresses where none are known', () => {
    const { source: _, destination: __, ...flow } = exchangeFlow();
    expect(requestToGui(flow, MAX)).toMatchObject({ sourceAddr: '', destAddr: '', l4Protocol: 'tcp' });
  });
});

describe('a body that is no text', () => {
  const type = [['Content-Type', 'image/png'] as const];
  it.each([
    [
      'not captured',
      new HttpBody({ size: 9, truncated: true, bytes: Buffer.alloc(0) }),
      '[body, not captured: image/png, 9 bytes]',
    ],
    ['binary', bodyOf(Buffer.from([0xff, 0xfe])), '[binary body: image/png, 2 bytes]'],
    [
      'in a coding that is not known',
      bodyOf(Buffer.from([0xff, 0xfe]), 'new'),
      '[binary body: image/png, new, 2 bytes]',
    ],
    [
      'binary under its coding',
      bodyOf(gzipSync(Buffer.from([0xff])), 'gzip'),
      /^\[binary body: image\/png, gzip, \d+ bytes\]$/,
    ],
    ['empty', HttpBody.empty, ''],
  ])('is described in one line: %s', (_, body, expected) => {
    const text = textPayload(body, type, MAX).toString('utf8');
    if (typeof expected === 'string') expect(text).toBe(expected);
    else expect(text).toMatch(expected);
  });
});

describe('SQL', () => {
  const sqlFlow = (protocol: string, request: Partial<SqlRequest>, response: Partial<SqlResponse> = {}) =>
    ({
      ...exchangeFlow(),
      protocol,
      request: { kind: 'sql', operation: 'query', ...request },
      response: { kind: 'sql', results: [], ...response },
    }) as unknown as ExchangeFlow;

  it.each([
    ['postgresql', 'psql'],
    ['mysql', 'mysql'],
  ])('of %s is %s', (protocol, expected) => {
    const flow = sqlFlow(protocol, { sql: 'SELECT $1', parameters: ['größer', null, Buffer.from([0, 255])] });
    expect(requestToGui(flow, MAX)).toMatchObject({
      l7Protocol: expected,
      request: {
        $case: 'sqlQuery',
        sqlQuery: { query: 'SELECT $1', params: { values: ['größer', 'NULL', '\\x00ff'] } },
      },
    });
    expect(responseToGui(flow, MAX)?.l7Protocol).toBe(expected);
  });

  const answer = (response: Partial<SqlResponse>, max = MAX) => {
    const half = responseToGui(sqlFlow('postgresql', {}, response), max)?.response;
    if (half?.$case !== 'sqlResponse') throw new Error('no SQL');
    return [half.sqlResponse.columns?.values, ...half.sqlResponse.rows.map(({ values }) => values)];
  };

  it('is the first result with rows', () => {
    const rows = [
      ['1', null],
      ['2', 'x'],
    ];
    const results = [{ rowCount: 0 }, { columns: [{ name: 'a' }, { name: 'b' }], rows, rowCount: 2 }];
    expect(answer({ results })).toEqual([
      ['a', 'b'],
      ['1', 'NULL'],
      ['2', 'x'],
    ]);
    expect(answer({ results: [{ rows, rowCount: 2 }] })[0]).toEqual(['column 1', 'column 2']);
  });

  it('is what the server said where there are no rows', () => {
    expect(answer({ results: [{ rowCount: 0, summary: 'INSERT 0 1' }] })).toEqual([['result'], ['INSERT 0 1']]);
    expect(answer({ error: { code: '42601', message: 'syntax error' } })).toEqual([
      ['SQLSTATE', 'error'],
      ['42601', 'syntax error'],
    ]);
  });

  it('has rows that find room, whole, and a text that is cut between two characters', () => {
    const rows = [['a'.repeat(6)], ['b'.repeat(6)]];
    expect(answer({ results: [{ columns: [{ name: 'n' }], rows, rowCount: 2 }] }, 10)).toEqual([['n'], ['aaaaaa']]);
    const half = requestToGui(sqlFlow('mysql', { sql: 'SELECT ü', parameters: ['x'] }), 8)?.request;
    expect(half).toMatchObject({ sqlQuery: { query: 'SELECT ', params: { values: [''] } } });
  });

  it('names what has no text', () => {
    const half = requestToGui(sqlFlow('postgresql', { operation: 'execute', statement: 's1' }), MAX)?.request;
    expect(half).toMatchObject({ sqlQuery: { query: '[execute s1]' } });
  });
});
