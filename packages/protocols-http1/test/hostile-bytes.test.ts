// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, parserContext, runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { http1 } from '../src/index.js';
import { conversation, cut } from './conversation.js';

const direction = fc.constantFrom('egress', 'ingress');
const limits = fc.record({
  maxHeaderBytes: fc.constantFrom(64, 200, 65_536),
  maxBodyBytes: fc.constantFrom(0, 10, 1000),
  maxPendingExchanges: fc.constantFrom(1, 3, 1000),
});
const closeReason = fc.constantFrom('closed', 'end', 'limit', 'tls-start', 'handover');

/** Pieces of HTTP in any order, mixed with noise: closer to the edges than noise alone. */
const fragment = fc.oneof(
  fc.constantFrom(
    'GET / HTTP/1.1\r\n',
    'POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\n\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 99999999999999999999\r\n',
    'Content-Length: 3\r\n',
    'Upgrade: websocket\r\n',
    'ffffffffffffffff\r\n',
    '3\r\nabc\r\n',
    '0\r\n\r\n',
    '\r\n\r\n',
    '\n\n',
    ' folded\r\n',
    ': nameless\r\n',
    'HTTP/1.',
    '\x16\x03\x01\x02\x00',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 30 }),
);

const step: fc.Arbitrary<ParserStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ direction, bytes: fc.array(fragment, { maxLength: 6 }).map(latin1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ direction, bytes: fc.uint8Array({ maxLength: 200 }).map((a) => Buffer.from(a)) }),
  },
  { weight: 2, arbitrary: fc.record({ direction, gapBytes: fc.integer({ min: 1, max: 5000 }) }) },
);

function latin1(parts: readonly string[]): Buffer {
  return Buffer.from(parts.join(''), 'latin1');
}

describe('bytes that mean harm', () => {
  test('nothing is thrown, and every exchange that is not complete says why', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        limits,
        closeReason,
        fc.boolean(),
        (steps, given, reason, joinedLate) => {
          const run = runParser(http1(), steps, { limits: given, closeReason: reason, joinedLate });
          for (const exchange of run.exchanges) {
            if (!exchange.complete) expect(exchange.error).toBeDefined();
            expect(exchange.endNs).toBeGreaterThanOrEqual(exchange.startNs);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('a conversation with changed bytes is read to its end', () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(conversation('batch'), fc.array(change, { minLength: 1, maxLength: 8 }), (talk, changes) => {
        const events = cut(talk.events, [50]).map(({ direction: to, bytes }) => ({
          direction: to,
          bytes: Buffer.from(bytes),
        }));
        for (const { at, byte } of changes) {
          const { bytes } = events[Math.floor(at * (events.length - 1))] ?? {};
          if (bytes !== undefined) bytes[Math.floor(at * 1e6) % bytes.length] = byte;
        }
        runParser(http1(), events);
      }),
      { numRuns: 300 },
    );
  });
});

describe('state stays bounded', () => {
  const small = { maxHeaderBytes: 1000, maxBodyBytes: 1000, maxPendingExchanges: 10 };
  const endless: readonly [string, string, string][] = [
    ['a head without end', 'GET / HTTP/1.1\r\n', 'X-Header: and another one\r\n'],
    ['a line without end', 'GET /', 'x'.repeat(100)],
    ['trailers without end', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'T: v\r\n'],
    ['a chunk extension without end', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;', 'x'.repeat(100)],
    [
      'a body without end',
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '64\r\n'.concat('x'.repeat(100), '\r\n'),
    ],
    ['requests without responses', '', 'GET / HTTP/1.1\r\n\r\n'],
    ['nonsense after CONNECT', 'CONNECT a:1 HTTP/1.1\r\n\r\n', '\x17\x03\x03'.repeat(40)],
    ['nonsense', '!\r\n', 'no start line at all '],
    ['nonsense lines', '!\r\n', 'no start line at all\r\n'],
  ];

  test.each(endless)('%s', (_name, opening, repeated) => {
    const rounds = 20_000;
    const chunk = Buffer.from(repeated, 'latin1');
    let emitted = 0;
    const parser = http1().createParser(
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
      return process.memoryUsage().heapUsed + process.memoryUsage().external;
    };
    let offset = 0;
    const feed = (bytes: Buffer) => {
      if (bytes.length > 0) parser.data({ direction: 'egress', offset, bytes, timestampNs: offset });
      offset += bytes.length;
    };
    feed(Buffer.from(opening, 'latin1'));
    const before = measureBytes();
    const start = performance.now();
    for (let i = 0; i < rounds; i++) feed(chunk);
    // Quadratic work would take minutes here, and keeping everything tens of megabytes.
    expect(performance.now() - start).toBeLessThan(5000);
    expect(measureBytes() - before).toBeLessThan(40e6);
    parser.close('closed', offset);
    expect(emitted).toBeLessThanOrEqual(rounds);
  });

  test('many short messages in one large chunk take linear time', () => {
    const line = 'GET / HTTP/1.1\n\n';
    const timeOf = (messages: number) => {
      const parser = http1().createParser(
        parserContext({ role: 'client', limits: { ...small, maxPendingExchanges: 1e6 } }),
      );
      const bytes = Buffer.from(line.repeat(messages), 'latin1');
      const start = performance.now();
      parser.data({ direction: 'egress', offset: 0, bytes, timestampNs: 0 });
      return performance.now() - start;
    };
    timeOf(2000);
    expect(timeOf(40_000)).toBeLessThan(2000);
  });
});
