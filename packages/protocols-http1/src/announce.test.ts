// SPDX-License-Identifier: Apache-2.0
import type { Direction, HttpRequest } from '@flowtap/core';
import { type ParserRunOptions, runParser } from '@flowtap/core/testing';
import { expect, it } from 'vitest';
import { http1 } from './index.js';

type Step = readonly [Direction, string];

/** What is announced after each step, as `METHOD target body-bytes`; then what it ends as. */
function announcedAfterEach(steps: readonly Step[], options: ParserRunOptions = {}) {
  const fed = steps.map(([direction, text]) => ({ direction, bytes: Buffer.from(text, 'latin1') }));
  const runs = fed.map((_, i) => runParser(http1(), fed.slice(0, i + 1), { wantsUpdates: true, ...options }));
  return runs.map(({ announced }) =>
    announced.map(({ exchange }) => {
      const { method, target, body } = exchange.request as HttpRequest;
      expect(exchange.response).toBeUndefined();
      return `${method} ${target} ${body.truncated ? 'unfinished' : body.size}`;
    }),
  );
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';

it('announces a request when it is complete', () => {
  expect(
    announcedAfterEach([
      ['egress', 'POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nab'],
      ['egress', 'cd'],
      ['ingress', OK],
      ['egress', 'GET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n'],
    ]),
  ).toEqual([[], ['POST /a 4'], ['POST /a 4'], ['POST /a 4', 'GET /b 0', 'GET /c 0']]);
});

it('announces a request that is under way when its response begins', () => {
  expect(
    announcedAfterEach([
      ['egress', 'POST /up HTTP/1.1\r\nContent-Length: 9\r\n\r\nab'],
      ['ingress', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
      ['egress', '1234567'],
    ]),
  ).toEqual([[], ['POST /up unfinished'], ['POST /up unfinished']]);
});

it('ends what it announced, also when no response comes', () => {
  const steps = [
    { direction: 'egress', bytes: Buffer.from('GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n') },
    { direction: 'ingress', bytes: Buffer.from(OK) },
  ] as const;
  const { announced, exchanges } = runParser(http1(), steps, { wantsUpdates: true });
  expect(announced.map(({ endedAs }) => endedAs)).toEqual([0, 1]);
  expect(exchanges.map(({ complete }) => complete)).toEqual([true, false]);
});

it('ends each of them once where a gap makes the pairing uncertain', () => {
  const steps = [
    { direction: 'egress', bytes: Buffer.from('GET /a HTTP/1.1\r\n\r\n') },
    { direction: 'egress', gapBytes: 400 },
    { direction: 'egress', bytes: Buffer.from('GET /b HTTP/1.1\r\n\r\n') },
    { direction: 'ingress', bytes: Buffer.from(OK + OK + OK) },
  ] as const;
  const { announced, exchanges } = runParser(http1(), steps, { wantsUpdates: true });
  const ends = announced.map(({ endedAs }) => endedAs);
  expect(ends).not.toContain(undefined);
  expect(new Set(ends).size).toBe(2);
  expect(exchanges.length).toBeGreaterThan(2);
});

it('announces nothing that was not captured, and nothing when nobody listens', () => {
  expect(announcedAfterEach([['ingress', OK]], { joinedLate: true })).toEqual([[]]);
  expect(announcedAfterEach([['egress', 'GET / HTTP/1.1\r\n\r\n']], { wantsUpdates: false })).toEqual([[]]);
});
