// SPDX-License-Identifier: Apache-2.0
import type { HttpRequest } from '@flowtap/core';
import { type ParserRunOptions, type ParserStep, runParser } from '@flowtap/core/testing';
import { expect, test } from 'vitest';
import { http2 } from '../src/index.js';
import { data, headers, join, PREFACE, request, response, settings } from './frames.js';

const client = (...parts: readonly Buffer[]): ParserStep => ({ direction: 'egress', bytes: join(...parts) });
const server = (...parts: readonly Buffer[]): ParserStep => ({ direction: 'ingress', bytes: join(...parts) });
const BEGIN = [client(Buffer.from(PREFACE), settings()), server(settings())];

/** What has been announced after each step, as `protocol target body-bytes`. */
function announcedAfterEach(steps: readonly ParserStep[], options: ParserRunOptions = {}) {
  return steps.map((_, i) => {
    const fed = [...BEGIN, ...steps.slice(0, i + 1)];
    const { announced } = runParser(http2(), fed, { wantsUpdates: true, ...options });
    return announced.map(({ exchange, endedAs }) => {
      expect(exchange).toMatchObject({ complete: false });
      expect(exchange.response).toBeUndefined();
      expect(endedAs).toBeDefined();
      const { target, body } = exchange.request as HttpRequest;
      return `${exchange.protocol} ${target} ${body.truncated ? 'unfinished' : body.size}`;
    });
  });
}

test('a request is announced at its end, or when its response begins before', () => {
  const steps = [
    client(headers(1, request('/a', [], 'POST')), data(1, 'ab', 'open')),
    client(data(1, 'cd')),
    client(headers(3, request('/b'), 'end'), headers(5, request('/c', [], 'POST')), data(5, 'x', 'open')),
    server(headers(5, response(200))),
  ];
  expect(announcedAfterEach(steps)).toEqual([
    [],
    ['http/2 /a 4'],
    ['http/2 /a 4', 'http/2 /b 0'],
    ['http/2 /a 4', 'http/2 /b 0', 'http/2 /c unfinished'],
  ]);
  expect(announcedAfterEach(steps, { wantsUpdates: false })).toEqual([[], [], [], []]);
});

test('a gRPC call is announced at its head, since it may stream', () => {
  const call = request('/a.Service/Method', [['content-type', 'application/grpc']], 'POST');
  expect(announcedAfterEach([client(headers(1, call))])).toEqual([['grpc /a.Service/Method unfinished']]);
});

test('the messages of a gRPC call are told as they come, of both sides, and listed at its end', () => {
  const type = ['content-type', 'application/grpc'] as const;
  const message = (text: string) => `\0\0\0\0${String.fromCharCode(text.length)}${text}`;
  const steps = [
    client(headers(1, request('/a.Service/Method', [type], 'POST')), data(1, `${message('one')}\0\0`, 'open')),
    server(headers(1, response(200, [type])), data(1, message('answer'), 'open')),
    client(data(1, message('two').slice(2), 'open')),
  ];
  const after = (count: number) =>
    runParser(http2(), [...BEGIN, ...steps.slice(0, count)], { wantsUpdates: true }).announced.map(({ messages }) =>
      messages.map(({ sender, type: kind, content }) => `${sender} ${kind} ${content.text()}`),
    );
  expect(after(1)).toEqual([['client grpc one']]);
  expect(after(2)).toEqual([['client grpc one', 'server grpc answer']]);
  expect(after(3)).toEqual([['client grpc one', 'server grpc answer', 'client grpc two']]);
});

test('a response that is complete before its request is seen is not announced', () => {
  const answered = server(headers(1, response(204), 'end'));
  expect(announcedAfterEach([answered, client(headers(1, request('/late'), 'end'))])[1]).toEqual([]);
});
