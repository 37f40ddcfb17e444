// SPDX-License-Identifier: Apache-2.0
import type { HttpResponse } from '@flowtap/core';
import { type ParserRun, runParser, testProtocol } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { http1 } from '../src/index.js';

const REQUEST = { direction: 'egress', bytes: 'GET /events HTTP/1.1\r\nHost: h\r\n\r\n' } as const;
const CHUNKED = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const toStep = (bytes: string) => ({ direction: 'ingress', bytes: Buffer.from(bytes, 'latin1') }) as const;

function streamOf({ exchanges }: ParserRun) {
  return (exchanges[0]?.response as HttpResponse | undefined)?.eventStream;
}

const textsOf = (run: ParserRun) => streamOf(run)?.events.map(({ content }) => content.text());

describe('events of a response, whole, byte by byte, at every split and with gaps at every place', () => {
  test.each([
    ['chunked', CHUNKED + chunk('data: a\n\nda') + chunk('ta: b\n\n') + chunk('')],
    [
      'with a length',
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 18\r\n\r\ndata: a\n\ndata: b\n\n',
    ],
    ['until the end', 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\ndata: b\n\n'],
  ])('%s', (name, response) => {
    const verify = (run: ParserRun) => {
      expect(textsOf(run)).toEqual(['a', 'b']);
      expect(run.exchanges[0]?.complete).toBe(true);
    };
    testProtocol(http1(), [{ name, messages: [REQUEST, { direction: 'ingress', bytes: response }], verify }]);
  });
});

test('events are told while the response is under way', () => {
  const steps = [
    { ...REQUEST, bytes: Buffer.from(REQUEST.bytes) },
    toStep(CHUNKED + chunk('data: a\n\n')),
    toStep(chunk('data: b\n\n')),
  ];
  const { announced, exchanges } = runParser(http1(), steps, { wantsUpdates: true });
  expect(announced[0]?.messages.map(({ content }) => content.text())).toEqual(['a', 'b']);
  expect(exchanges).toMatchObject([{ complete: false, response: { eventStream: { eventCount: 2 } } }]);
});

test('a gap in the body costs the event that it is in', () => {
  const run = runParser(http1(), [
    { ...REQUEST, bytes: Buffer.from(REQUEST.bytes) },
    toStep(`${CHUNKED}1b\r\ndata: a\n\nda`),
    { direction: 'ingress', gapBytes: 3 },
    toStep(' b\n\ndata: c\n\n\r\n'),
  ]);
  expect(textsOf(run)).toEqual(['a', 'c']);
  expect(streamOf(run)?.eventsLost).toBe(true);
});

test('other responses, and compressed ones, have no events', () => {
  for (const fields of ['Content-Type: text/plain', 'Content-Type: text/event-stream\r\nContent-Encoding: gzip']) {
    const response = toStep(`HTTP/1.1 200 OK\r\n${fields}\r\nContent-Length: 9\r\n\r\ndata: a\n\n`);
    const run = runParser(http1(), [{ ...REQUEST, bytes: Buffer.from(REQUEST.bytes) }, response]);
    expect(run.exchanges).toHaveLength(1);
    expect(streamOf(run)).toBeUndefined();
  }
});
