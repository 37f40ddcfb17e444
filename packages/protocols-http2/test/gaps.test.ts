// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, type Recording, runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Flag, FrameType } from '../src/constants.js';
import { http2 } from '../src/index.js';
import { data, frame, headers, join, PREFACE, request, response, settings } from './frames.js';
import { recordNode } from './node-recording.js';
import { outlines } from './outline.js';
import { findWrongClaims } from './truth.js';

const BEGIN: readonly ParserStep[] = [
  { direction: 'egress', bytes: join(PREFACE, settings()) },
  { direction: 'ingress', bytes: settings() },
];

const client = (...parts: readonly Buffer[]): ParserStep => ({ direction: 'egress', bytes: join(...parts) });
const server = (...parts: readonly Buffer[]): ParserStep => ({ direction: 'ingress', bytes: join(...parts) });
const serverGap = (gapBytes: number): ParserStep => ({ direction: 'ingress', gapBytes });
const clientGap = (gapBytes: number): ParserStep => ({ direction: 'egress', gapBytes });

/** The status and every field from the tables: `:status: 200` and the newest entry. */
const FROM_TABLE = Buffer.from([0x88, 0xbe]);

function run(...steps: readonly ParserStep[]) {
  return outlines(runParser(http2(), [...BEGIN, ...steps], { layer: 'tls' }));
}

describe('a gap', () => {
  test('inside of DATA keeps the frames and the size', () => {
    const content = data(1, 'x'.repeat(100));
    const found = runParser(http2(), [
      ...BEGIN,
      client(headers(1, request('/a'), 'end')),
      server(headers(1, response(200)), content.subarray(0, 39)),
      serverGap(50),
      server(content.subarray(89)),
      client(headers(3, request('/b'), 'end')),
      server(headers(3, response(204), 'end')),
    ]);
    expect(outlines(found)).toEqual([
      { request: 'GET https://h/a', response: '200', responseBody: `${'x'.repeat(30)}…`, complete: true },
      { request: 'GET https://h/b', response: '204', complete: true },
    ]);
    expect(found.exchanges[0]?.response).toMatchObject({ body: { size: 100, truncated: true } });
    expect(found.exchanges[0]?.gaps).toMatchObject([{ bytes: 50, direction: 'ingress' }]);
  });

  test('that ends with the DATA frame ends its stream', () => {
    const content = data(1, 'x'.repeat(100));
    expect(
      run(
        client(headers(1, request('/a'), 'end')),
        server(headers(1, response(200)), content.subarray(0, 9)),
        serverGap(100),
        client(headers(3, request('/b'), 'end')),
        server(headers(3, response(204), 'end')),
      ),
    ).toEqual([
      { request: 'GET https://h/a', response: '200', responseBody: '…', complete: true },
      { request: 'GET https://h/b', response: '204', complete: true },
    ]);
  });

  test('inside of a header block keeps the frames, and no entry of the table is trusted any more', () => {
    const head = headers(1, response(200, [['x-lost', 'a']]), 'open', true);
    expect(
      run(
        client(headers(1, request('/a'), 'end')),
        server(head.subarray(0, 15)),
        serverGap(5),
        server(head.subarray(20), data(1, 'body')),
        client(headers(3, request('/b'), 'end')),
        server(frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 3, FROM_TABLE)),
      ),
    ).toEqual([
      {
        request: 'GET https://h/a',
        response: '0',
        responseBody: 'body',
        headersIncomplete: true,
        error: 'gap-in-head',
      },
      {
        request: 'GET https://h/b',
        response: '200',
        responseHeaders: [['(unknown)', '']],
        complete: true,
        headersIncomplete: true,
      },
    ]);
  });

  test('of whole frames of a long body: its end is seen, and that of another', () => {
    const part = data(1, 'x'.repeat(1000), 'open');
    const other = data(3, 'y'.repeat(1000), 'open');
    expect(
      run(
        client(headers(1, request('/a'), 'end'), headers(3, request('/b'), 'end')),
        server(headers(1, response(200)), part, headers(3, response(200)), other),
        serverGap(part.length + other.length),
        ...[part, part, part, other, other].map((bytes) => server(bytes)),
        server(data(3, 'end')),
        server(data(1, 'end')),
      ).map(({ request: asked, responseBody, error }) => [asked, responseBody?.slice(-1), error]),
    ).toEqual([
      ['GET https://h/b', '…', 'gap-in-framing'],
      ['GET https://h/a', '…', 'gap-in-framing'],
    ]);
  });

  test('of all frames of a body but the last: what is there is not taken for all of it', () => {
    const part = data(1, 'x'.repeat(1000), 'open');
    const found = runParser(http2(), [
      ...BEGIN,
      client(headers(1, request('/a'), 'end'), headers(3, request('/b'), 'end')),
      server(headers(1, response(200))),
      serverGap(part.length),
      server(data(1, 'end'), headers(3, response(200)), data(3, 'whole')),
    ]);
    expect(found.exchanges.map(({ response: answer }) => answer)).toMatchObject([
      { body: { size: 3, truncated: true } },
      { body: { size: 5, truncated: false } },
    ]);
  });

  test('of whole responses: their requests say so, and later ones are right', () => {
    const lost = join(headers(1, response(200)), data(1, 'one'));
    expect(
      run(
        client(headers(1, request('/1'), 'end'), headers(3, request('/3'), 'end')),
        serverGap(lost.length),
        server(headers(3, response(200)), data(3, 'three')),
        client(headers(5, request('/5'), 'end')),
        server(headers(5, response(200)), data(5, 'five')),
      ),
    ).toEqual([
      { request: 'GET https://h/3', response: '200', responseBody: 'three', complete: true },
      { request: 'GET https://h/5', response: '200', responseBody: 'five', complete: true },
      { request: 'GET https://h/1', error: 'response-not-captured' },
    ]);
  });

  test('of whole requests: their responses say so, and later ones are right', () => {
    expect(
      run(
        client(headers(1, request('/1'), 'end')),
        clientGap(headers(3, request('/3'), 'end').length),
        client(headers(5, request('/5'), 'end')),
        server(
          headers(3, response(200)),
          data(3, 'three'),
          headers(1, response(200), 'end'),
          headers(5, response(404), 'end'),
        ),
      ),
    ).toEqual([
      { response: '200', responseBody: 'three', error: 'request-not-captured' },
      { request: 'GET https://h/1', response: '200', complete: true },
      { request: 'GET https://h/5', response: '404', complete: true },
    ]);
  });
});

describe('a recording of Node', () => {
  let recording: Recording;
  let whole: ReturnType<typeof runParser>['exchanges'];

  beforeAll(async () => {
    recording = await recordNode(40);
    whole = runParser(http2(), recording).exchanges;
    expect(whole.length).toBe(40);
    expect(whole.every(({ complete }) => complete)).toBe(true);
  });

  /** The steps with bytes of one direction missing. */
  function withHole(direction: 'ingress' | 'egress', from: number, length: number): ParserStep[] {
    let at = 0;
    return recording.flatMap((step): ParserStep[] => {
      if (step.direction !== direction) return [step];
      const start = at;
      at += step.bytes.length;
      const before = Math.max(0, Math.min(from, at) - start);
      const after = Math.min(step.bytes.length, Math.max(0, from + length - start));
      if (after <= before) return [step];
      return [
        { direction, bytes: step.bytes.subarray(0, before) },
        { direction, gapBytes: after - before },
        { direction, bytes: step.bytes.subarray(after) },
      ].filter((one) => 'gapBytes' in one || one.bytes.length > 0);
    });
  }

  const bytesOf = (direction: string) =>
    recording.reduce((sum, step) => sum + (step.direction === direction ? step.bytes.length : 0), 0);

  test('with a hole anywhere: nothing wrong is said, and most exchanges are seen', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('ingress' as const, 'egress' as const),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 3000 }),
        (direction, place, length) => {
          const steps = withHole(direction, Math.floor(place * bytesOf(direction)), length);
          const { exchanges } = runParser(http2(), steps, { connection: { role: 'client' } });
          expect(findWrongClaims(whole, exchanges)).toEqual([]);
          expect(exchanges.length).toBeGreaterThan(20);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('joined at any byte of both directions: nothing wrong is said', () => {
    const place = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), place, place, (from, a, b) => {
        const steps = recording.slice(from % recording.length);
        const cut = { ingress: a, egress: b };
        const late = steps.flatMap((step) => {
          const part = cut[step.direction];
          cut[step.direction] = 0;
          const bytes = step.bytes.subarray(Math.floor(part * step.bytes.length));
          return bytes.length === 0 ? [] : [{ direction: step.direction, bytes }];
        });
        const { exchanges } = runParser(http2(), late, { joinedLate: true, connection: { role: 'client' } });
        expect(findWrongClaims(whole, exchanges)).toEqual([]);
        const hasPreface = late.some(({ bytes }) => bytes.includes(PREFACE));
        if (!hasPreface) for (const { joined } of exchanges) expect(joined).toBe('late');
      }),
      { numRuns: 400 },
    );
  });

  test('joined at each chunk: all requests from then on are there', () => {
    for (let from = 1; from < recording.length; from++) {
      const steps = recording.slice(from);
      const { exchanges } = runParser(http2(), steps, { joinedLate: true, connection: { role: 'client' } });
      expect(findWrongClaims(whole, exchanges)).toEqual([]);
      // What this chunk begins is the beginning of a request; nghttp2 writes frames whole.
      const sent = new Set(
        runParser(http2(), recording)
          .exchanges.map(({ request: one }) => (one as { target: string }).target)
          .slice(-5),
      );
      const seen = new Set(exchanges.map(({ request: one }) => (one as { target: string } | undefined)?.target));
      if (from < recording.length / 2) for (const target of sent) expect(seen).toContain(target);
    }
  });
});
