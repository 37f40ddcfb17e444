// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, parserContext, runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Flag, FrameType } from '../src/constants.js';
import { http2 } from '../src/index.js';
import {
  block,
  data,
  frame,
  headers,
  join,
  PREFACE,
  request,
  response,
  settings,
  settingsAck,
  uint32,
} from './frames.js';

const direction = fc.constantFrom('egress' as const, 'ingress' as const);
const streamId = fc.constantFrom(0, 1, 2, 3, 5, 7, 0x7fff_ffff);
const limits = fc.record({
  maxHeaderBytes: fc.constantFrom(64, 200, 65_536),
  maxBodyBytes: fc.constantFrom(0, 10, 1000),
  maxPendingExchanges: fc.constantFrom(1, 3, 1000),
});
const closeReason = fc.constantFrom('closed' as const, 'end' as const, 'limit' as const, 'tls-start' as const);

/** Frames of every type with any flags, on few streams, so that they meet; and noise between them. */
const fragment: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(fc.nat({ max: 11 }), fc.nat({ max: 255 }), streamId, fc.uint8Array({ maxLength: 40 }))
    .map(([type, flags, id, payload]) => frame(type, flags, id, Buffer.from(payload))),
  fc
    .tuple(streamId, fc.boolean(), fc.boolean())
    .map(([id, ends, indexed]) => headers(id, request('/x', [['x', 'y']]), ends ? 'end' : 'open', indexed)),
  fc.tuple(streamId, fc.boolean()).map(([id, ends]) => headers(id, response(200), ends ? 'end' : 'open', true)),
  fc.tuple(streamId, fc.boolean()).map(([id, ends]) => data(id, 'content', ends ? 'end' : 'open')),
  streamId.map((id) => frame(FrameType.RST_STREAM, 0, id, uint32(8))),
  streamId.map((id) => frame(FrameType.HEADERS, 0, id, block(request('/half')).subarray(0, 20))),
  streamId.map((id) => frame(FrameType.PUSH_PROMISE, Flag.END_HEADERS, id, join(uint32(2), block(request('/p'))))),
  fc.constantFrom(settings(), settings([1, 0], [5, 16_777_215]), settingsAck, Buffer.from(PREFACE)),
  fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array)),
);

const step: fc.Arbitrary<ParserStep> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ direction, bytes: fc.array(fragment, { maxLength: 6 }).map((all) => join(...all)) }),
  },
  { weight: 1, arbitrary: fc.record({ direction, gapBytes: fc.integer({ min: 1, max: 5000 }) }) },
);

test('nothing is thrown, and every exchange that is not complete says why', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      limits,
      closeReason,
      fc.boolean(),
      fc.boolean(),
      (steps, given, reason, joinedLate, begins) => {
        const opening: ParserStep[] = begins ? [{ direction: 'egress', bytes: Buffer.from(PREFACE) }] : [];
        const run = runParser(http2(), [...opening, ...steps], { limits: given, closeReason: reason, joinedLate });
        for (const exchange of run.exchanges) {
          if (!exchange.complete) expect(exchange.error).toBeDefined();
          expect(exchange.endNs).toBeGreaterThanOrEqual(exchange.startNs);
          expect(exchange.request ?? exchange.response).toBeDefined();
        }
      },
    ),
    { numRuns: 1500 },
  );
});

describe('state stays bounded', () => {
  const small = { maxHeaderBytes: 1000, maxBodyBytes: 1000, maxPendingExchanges: 10 };
  let next = 1;
  const nextStream = () => {
    next += 2;
    return next;
  };
  const endless: readonly [string, Buffer, () => Buffer][] = [
    ['requests without responses', Buffer.alloc(0), () => headers(nextStream(), request(`/${next}`), 'end', true)],
    [
      'a header block without end',
      frame(FrameType.HEADERS, 0, 1, 'x'),
      () => frame(FrameType.CONTINUATION, 0, 1, 'x'.repeat(100)),
    ],
    ['empty CONTINUATION frames', frame(FrameType.HEADERS, 0, 1, 'x'), () => frame(FrameType.CONTINUATION, 0, 1)],
    ['a body without end', headers(1, request('/')), () => data(1, 'x'.repeat(100), 'open')],
    ['bodies of one byte a frame', headers(1, request('/')), () => data(1, 'x', 'open')],
    ['trailers without end', headers(1, request('/')), () => headers(1, [['x', 'y'.repeat(80)]])],
    ['settings that nobody acknowledges', Buffer.alloc(0), () => settings([1, next++])],
    ['acknowledgements of nothing', Buffer.alloc(0), () => settingsAck],
    [
      'streams that are reset',
      Buffer.alloc(0),
      () => join(headers(nextStream(), request('/')), frame(FrameType.RST_STREAM, 0, next, uint32(8))),
    ],
    [
      'promises',
      Buffer.alloc(0),
      () => frame(FrameType.PUSH_PROMISE, Flag.END_HEADERS, 1, join(uint32(nextStream() - 1), block(request('/')))),
    ],
    [
      'ever new table entries',
      headers(1, request('/')),
      () => headers(nextStream(), [['x', String(next).repeat(20)]], 'end', true),
    ],
    ['nonsense', Buffer.from('!'), () => Buffer.from('no frame at all, nowhere')],
    ['beginnings of frames', Buffer.from('!'), () => Buffer.from([0, 0, 100, 0, 0, 0, 0, 0, 1])],
    ['zeros', Buffer.from('!'), () => Buffer.alloc(100)],
  ];

  test.each(endless)('%s', (_name, opening, repeated) => {
    next = 1;
    const rounds = 20_000;
    let emitted = 0;
    const parser = http2().createParser(
      parserContext({
        role: 'client',
        limits: small,
        emit: () => {
          emitted += 1;
        },
      }),
    );
    const measureBytes = () => {
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    let offset = 0;
    const feed = (bytes: Buffer) => {
      if (bytes.length > 0) parser.data({ direction: 'egress', offset, bytes, timestampNs: offset });
      offset += bytes.length;
    };
    feed(join(PREFACE, opening));
    const before = measureBytes();
    const start = performance.now();
    for (let i = 0; i < rounds; i++) feed(repeated());
    // Quadratic work would take minutes here, and keeping everything tens of megabytes.
    expect(performance.now() - start).toBeLessThan(5000);
    expect(measureBytes() - before).toBeLessThan(60e6);
    parser.close('closed', offset);
    expect(emitted).toBeLessThanOrEqual(rounds + 1);
  });
});

test('frames that are lost again and again in one piece do not use up the stack', () => {
  const lost = join(
    ...[0, 1].map((stream) => frame(FrameType.WINDOW_UPDATE, 0, stream, uint32(1))),
    frame(FrameType.PING, 0, 0, '12345678'),
    // RFC 9113 §6.5: always of the whole connection.
    frame(FrameType.SETTINGS, 0, 1),
  );
  const counted: string[] = [];
  const parser = http2().createParser(parserContext({ role: 'client', count: (code) => counted.push(code) }));
  const bytes = join(PREFACE, Buffer.alloc(9, 0xff), ...Array.from({ length: 20_000 }, () => lost));
  parser.data({ direction: 'egress', offset: 0, bytes, timestampNs: 0 });
  parser.close('closed', 0);
  expect(counted.filter((code) => code === 'malformed-frame')).toHaveLength(20_001);
});
