// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import type {
  GrpcMessageKind,
  GrpcRequestDetails,
  GrpcResponseDetails,
  GrpcSchema,
  HttpRequest,
  HttpResponse,
} from '@flowtap/core';
import { type ParserRunOptions, type ParserStep, runParser, testProtocol } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { data, headers, join, PREFACE, request, response, settings } from '../test/frames.js';
import { isGrpcContentType } from './grpc.js';
import { MAX_LISTED_MESSAGES } from './grpc-messages.js';
import { decodeGrpcMessage } from './grpc-status.js';
import { http2 } from './plugin.js';

const TYPE = ['content-type', 'application/grpc'] as const;
const call = (...more: readonly (readonly [string, string])[]) =>
  request('/a.b.Service/Method', [TYPE, ...more], 'POST');

function message(content: Buffer | string, flag = 0): string {
  const bytes = Buffer.from(content);
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]).toString('latin1');
}

const client = (...parts: readonly Buffer[]): ParserStep => ({ direction: 'egress', bytes: join(...parts) });
const server = (...parts: readonly Buffer[]): ParserStep => ({ direction: 'ingress', bytes: join(...parts) });

function run(...steps: readonly ParserStep[]) {
  const begin = [client(Buffer.from(PREFACE), settings()), server(settings())];
  const { exchanges } = runParser(http2(), [...begin, ...steps]);
  const [exchange] = exchanges;
  if (exchange === undefined) throw new Error('there is no exchange');
  const asked = (exchange.request as HttpRequest | undefined)?.grpc;
  const answered = (exchange.response as HttpResponse | undefined)?.grpc;
  return { exchange, asked, answered };
}

function texts(details: GrpcRequestDetails | GrpcResponseDetails | undefined) {
  return details?.messages.map(({ content }) => content.text());
}

describe('a call', () => {
  test('its path, its messages and its status', () => {
    const { exchange, asked, answered } = run(
      client(headers(1, call()), data(1, message('one') + message('two').slice(0, 3), 'open')),
      client(data(1, message('two').slice(3) + message(''))),
      server(headers(1, response(200, [TYPE])), data(1, message('answer'), 'open')),
      server(
        headers(
          1,
          [
            ['grpc-status', '5'],
            ['grpc-message', '100%25 gr%C3%B6%C3%9Fer'],
          ],
          'end',
        ),
      ),
    );
    expect(exchange).toMatchObject({ protocol: 'grpc', complete: true });
    expect(asked).toMatchObject({ service: 'a.b.Service', method: 'Method', messageCount: 3 });
    expect(texts(asked)).toEqual(['one', 'two', '']);
    expect(answered).toMatchObject({ status: 5, statusName: 'NOT_FOUND', message: '100% größer', messageCount: 1 });
    expect(texts(answered)).toEqual(['answer']);
  });

  test('a response that is trailers only', () => {
    const { exchange, answered } = run(
      client(headers(1, call()), data(1, message('x'))),
      server(headers(1, response(200, [TYPE, ['grpc-status', '12']]), 'end')),
    );
    expect(exchange).toMatchObject({ protocol: 'grpc', complete: true });
    expect(answered).toEqual({ messages: [], messageCount: 0, status: 12, statusName: 'UNIMPLEMENTED' });
  });

  test('messages are decompressed one by one, as their flags say', () => {
    const { asked } = run(
      client(headers(1, call(['grpc-encoding', 'gzip']))),
      client(data(1, message(gzipSync('squeezed'), 1) + message('plain') + message('broken', 1))),
      server(headers(1, response(200, [TYPE, ['grpc-status', '0']]), 'end')),
    );
    expect(asked?.encoding).toBe('gzip');
    expect(asked?.messages.map(({ compressed }) => compressed)).toEqual([true, false, true]);
    expect(texts(asked)?.slice(0, 2)).toEqual(['squeezed', 'plain']);
    expect(asked?.messages[2]?.content.decoded().error).toMatch(/not valid gzip/);
  });

  test('a message that decompresses to a great deal is cut', () => {
    const { asked } = run(
      client(headers(1, call(['grpc-encoding', 'gzip']))),
      client(data(1, message(gzipSync(Buffer.alloc(8 << 20)), 1))),
      server(headers(1, response(200, [TYPE, ['grpc-status', '0']]), 'end')),
    );
    expect(asked?.messages[0]?.content.decoded()).toMatchObject({ truncated: true, bytes: { length: 4 << 20 } });
  });

  test('a gap inside of a message costs that message only', () => {
    const sent = data(1, message('a'.repeat(50)) + message('after'));
    const { asked } = run(
      client(headers(1, call()), sent.subarray(0, 30)),
      { direction: 'egress', gapBytes: 10 },
      client(sent.subarray(40)),
      server(headers(1, response(200, [TYPE, ['grpc-status', '0']]), 'end')),
    );
    expect(asked?.messageCount).toBe(2);
    expect(asked?.messages.map(({ content }) => content.size)).toEqual([50, 5]);
    expect(asked?.messages.map(({ content }) => content.truncated)).toEqual([true, true]);
    expect(asked).not.toHaveProperty('messagesLost');
  });

  test('a gap that hides where messages begin says so', () => {
    const sent = data(1, message('one') + message('two') + message('three'));
    const { asked } = run(
      client(headers(1, call()), sent.subarray(0, 9 + 8 + 2)),
      { direction: 'egress', gapBytes: 4 },
      client(sent.subarray(9 + 8 + 6)),
      server(headers(1, response(200, [TYPE, ['grpc-status', '0']]), 'end')),
    );
    expect(texts(asked)).toEqual(['one']);
    expect(asked?.messagesLost).toBe(true);
  });

  test('so many messages that not all are listed', () => {
    const { asked } = run(
      client(headers(1, call()), data(1, message('x').repeat(MAX_LISTED_MESSAGES + 5))),
      server(headers(1, response(200, [TYPE, ['grpc-status', '0']]), 'end')),
    );
    expect(asked?.messageCount).toBe(MAX_LISTED_MESSAGES + 5);
    expect(asked?.messages.length).toBe(MAX_LISTED_MESSAGES);
  });

  test('a call that is cut shows the message that was under way', () => {
    const { exchange, asked } = run(
      client(headers(1, call()), data(1, message('whole') + message('half').slice(0, 7), 'open')),
    );
    expect(exchange.complete).toBe(false);
    expect(asked?.messages.map(({ content }) => [content.text(), content.truncated])).toEqual([
      ['whole', false],
      ['ha', true],
    ]);
  });

  test('any chunking gives the same', () => {
    const messages = [
      client(Buffer.from(PREFACE), settings(), headers(1, call()), data(1, message('one') + message('two'))),
      server(settings(), headers(1, response(200, [TYPE])), data(1, message('abc'), 'open')),
      server(headers(1, [['grpc-status', '0']], 'end')),
    ].filter((step) => 'bytes' in step);
    testProtocol(http2(), [{ name: 'a call', messages, verify: ({ exchanges }) => expect(exchanges.length).toBe(1) }]);
  });
});

describe('with a schema', () => {
  const asked: [GrpcMessageKind, string][] = [];
  const grpcSchema: GrpcSchema = {
    decode(kind, bytes) {
      asked.push([kind, Buffer.from(bytes).toString()]);
      return { type: 'T', json: bytes.length };
    },
  };
  const decodedOf = (steps: readonly ParserStep[], options: ParserRunOptions = {}) => {
    asked.length = 0;
    const begin = [client(Buffer.from(PREFACE), settings()), server(settings())];
    const { exchanges } = runParser(http2({ grpcSchema }), [...begin, ...steps], options);
    const { request, response } = exchanges[0] as { readonly request?: HttpRequest; readonly response?: HttpResponse };
    const of = (details: GrpcRequestDetails | undefined) => details?.messages.map((one) => one.decoded?.());
    return [of(request?.grpc), of(response?.grpc)];
  };
  const end = headers(1, [['grpc-status', '0']], 'end');

  test('it is asked for each message of either half, decompressed, when somebody looks', () => {
    const found = decodedOf([
      client(headers(1, call(['grpc-encoding', 'gzip'])), data(1, message(gzipSync('squeezed'), 1) + message('plain'))),
      server(headers(1, response(200, [TYPE])), data(1, message('answer'), 'open'), end),
    ]);
    expect(found).toEqual([
      [
        { type: 'T', json: 8 },
        { type: 'T', json: 5 },
      ],
      [{ type: 'T', json: 6 }],
    ]);
    const path = { service: 'a.b.Service', method: 'Method' };
    expect(asked).toEqual([
      [{ ...path, half: 'request' }, 'squeezed'],
      [{ ...path, half: 'request' }, 'plain'],
      [{ ...path, half: 'response' }, 'answer'],
    ]);
  });

  test('messages that are incomplete, or that cannot be decompressed, say so', () => {
    const steps = [
      client(headers(1, call(['grpc-encoding', 'snappy'])), data(1, message('squeezed', 1))),
      server(headers(1, response(200, [TYPE])), data(1, message('answer'), 'open'), end),
    ];
    expect(decodedOf(steps, { limits: { maxBodyBytes: 20 } })[0]).toEqual([
      { error: 'The content coding "snappy" is not supported.' },
    ]);
    expect(decodedOf(steps, { limits: { maxBodyBytes: 7 } })[1]).toEqual([
      { error: 'The message was captured in part.' },
    ]);
    expect(asked).toEqual([]);
  });

  test('a response whose request was missed says that its method is not known', () => {
    const steps = [server(headers(1, response(200, [TYPE])), data(1, message('answer'), 'open'), end)];
    const late = runParser(http2({ grpcSchema }), steps, { joinedLate: true, connection: { role: 'client' } });
    const { response: answered } = late.exchanges[0] as { readonly response: HttpResponse };
    expect(answered.grpc?.messages[0]?.decoded?.()).toEqual({ error: 'The method of the call is not known.' });
  });

  test.each([
    ['application/grpc+proto', true],
    ['application/grpc+json', false],
  ])('%s: %s', (type, isDecoded) => {
    const [found] = decodedOf([
      client(headers(1, request('/a.b.Service/Method', [['content-type', type]], 'POST')), data(1, message('{}'))),
    ]);
    expect(found).toEqual([isDecoded ? { type: 'T', json: 2 } : undefined]);
  });
});

test.each([
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['application/grpc;charset=x', true],
  ['application/grpc-web', false],
  ['application/grpcx', false],
  [undefined, false],
])('content type %s: %s', (contentType, expected) => {
  expect(isGrpcContentType(contentType)).toBe(expected);
});

test.each([
  ['plain', 'plain'],
  ['a%20b', 'a b'],
  ['50% off', '50% off'],
  ['%', '%'],
  ['%e2%82%ac', '€'],
])('grpc-message %s: %s', (value, expected) => {
  expect(decodeGrpcMessage(value)).toBe(expected);
});
