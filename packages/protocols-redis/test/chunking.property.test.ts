// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RedisValue, redis } from '../src/index.js';
import { bulk, command, requestOf, responseOf } from './resp.js';

/** A reply on the wire and the value that it is. */
interface Sent {
  readonly bytes: Buffer;
  readonly value: RedisValue;
}

const text = fc.string({ unit: 'grapheme', maxLength: 100 });

function aggregate(type: string, parts: readonly Sent[], count: number, isStreamed: boolean): Buffer {
  const head = Buffer.from(`${type}${isStreamed ? '?' : count}\r\n`);
  return Buffer.concat([head, ...parts.map(({ bytes }) => bytes), Buffer.from(isStreamed ? '.\r\n' : '')]);
}

const { sent } = fc.letrec<{ sent: Sent; leaf: Sent; list: Sent; map: Sent }>((tie) => ({
  sent: fc.oneof({ maxDepth: 4, depthIdentifier: 'reply' }, tie('leaf'), tie('list'), tie('map')),
  leaf: fc.oneof(
    text.map((value) => ({ bytes: bulk(value), value })),
    fc.array(text, { maxLength: 4 }).map((parts) => {
      const chunks = parts.map((part) => Buffer.from(part)).filter((part) => part.length > 0);
      const pieces = chunks.flatMap((part) => [Buffer.from(`;${part.length}\r\n`), part, Buffer.from('\r\n')]);
      return { bytes: Buffer.concat([Buffer.from('$?\r\n'), ...pieces, Buffer.from(';0\r\n')]), value: parts.join('') };
    }),
    fc.stringMatching(/^[\w .:-]{0,40}$/).map((value) => ({ bytes: Buffer.from(`+${value}\r\n`), value })),
    fc.maxSafeInteger().map((value) => ({ bytes: Buffer.from(`:${value}\r\n`), value: value === 0 ? 0 : value })),
    fc.bigInt({ min: 2n ** 60n }).map((value) => ({ bytes: Buffer.from(`(${value}\r\n`), value })),
    fc.boolean().map((value) => ({ bytes: Buffer.from(`#${value ? 't' : 'f'}\r\n`), value })),
    fc.constantFrom('_\r\n', '$-1\r\n', '*-1\r\n').map((bytes) => ({ bytes: Buffer.from(bytes), value: null })),
  ),
  list: fc
    .tuple(fc.array(tie('sent'), { maxLength: 5 }), fc.boolean(), fc.boolean())
    .map(([items, isSet, isStreamed]) => {
      const values = items.map(({ value }) => value);
      return {
        bytes: aggregate(isSet ? '~' : '*', items, items.length, isStreamed),
        value: isSet ? { type: 'set', count: values.length, items: values } : values,
      };
    }),
  map: fc
    .tuple(fc.array(fc.tuple(tie('leaf'), tie('sent')), { maxLength: 4 }), fc.boolean())
    .map(([entries, isStreamed]) => ({
      bytes: aggregate('%', entries.flat(), entries.length, isStreamed),
      value: { type: 'map', count: entries.length, entries: entries.map(([key, item]) => [key.value, item.value]) },
    })),
}));

const asked = fc.array(text, { maxLength: 5 });

function recut(direction: 'ingress' | 'egress', bytes: Buffer, sizes: readonly number[]): ParserStep[] {
  const steps: ParserStep[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = sizes[steps.length % sizes.length] ?? 1;
    steps.push({ direction, bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  return steps;
}

/** Steps of two directions, each in its order. */
function interleaved(
  one: readonly ParserStep[],
  other: readonly ParserStep[],
  turns: readonly boolean[],
): ParserStep[] {
  const [left, right] = [[...one], [...other]];
  const steps: ParserStep[] = [];
  for (let i = 0; left.length + right.length > 0; i++) {
    const step = (turns[i % turns.length] === true ? left.shift() : right.shift()) ?? left.shift() ?? right.shift();
    if (step !== undefined) steps.push(step);
  }
  return steps;
}

const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 10 });
const turns = fc.array(fc.boolean(), { minLength: 1, maxLength: 10 });

test('any pipeline in any chunking and any order of the directions gives what was said', () => {
  const pipeline = fc.array(fc.tuple(asked, sent), { maxLength: 15 });
  fc.assert(
    fc.property(pipeline, sizes, sizes, turns, (given, clientSizes, serverSizes, order) => {
      const commands = Buffer.concat(given.map(([words]) => command('ECHO', ...words)));
      const replies = Buffer.concat(given.map(([, { bytes }]) => bytes));
      const fromClient = recut('egress', commands, clientSizes);
      const fromServer = recut('ingress', replies, serverSizes);
      // Replies may overtake their commands, as long as they are not many.
      const steps = interleaved(fromClient, fromServer, order);
      const run = runParser(redis(), steps, { connection: { role: 'client' } });
      expect(run.exchanges.map((exchange) => requestOf(exchange)?.arguments)).toEqual(given.map(([words]) => words));
      expect(run.exchanges.map((exchange) => responseOf(exchange)?.value)).toEqual(given.map(([, { value }]) => value));
      expect(run.exchanges.every(({ complete }) => complete)).toBe(true);
      expect(run.counts).toEqual({});
    }),
    { numRuns: 300 },
  );
});

test('no bytes make it throw, keep more than its limits allow, or invent a pair', () => {
  // Bytes that look like RESP, else nearly everything ends at the first byte.
  const piece = fc.oneof(
    fc
      .constantFrom(
        '*1\r\n',
        '*3\r\n',
        '$3\r\n',
        '$-1\r\n',
        '*?\r\n',
        '.\r\n',
        '+OK\r\n',
        ':1\r\n',
        '|1\r\n',
        '%1\r\n',
        '>3\r\n',
        'GET\r\n',
        '$?\r\n',
        ';3\r\n',
        ';0\r\n',
        '$9\r\nSUBSCRIBE\r\n',
        '$7\r\nmessage\r\n',
        '$9\r\nsubscribe\r\n',
        '*2\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n',
        '*1\r\n$7\r\nMONITOR\r\n',
        '*1\r\n$5\r\nRESET\r\n',
        'PING\r\n',
        '-ERR\r\n',
        '+1.5 [0 a] "AUTH" "x"\r\n',
        '*1\r\n$5\r\nMULTI\r\n',
        '*1\r\n$11\r\nUNSUBSCRIBE\r\n',
        '=8\r\ntxt:text\r\n',
        '\r\n',
      )
      .map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  );
  const step = fc.oneof(
    fc.record({ direction: fc.constantFrom('ingress' as const, 'egress' as const), bytes: piece }),
    fc.record({
      direction: fc.constantFrom('ingress' as const, 'egress' as const),
      gapBytes: fc.integer({ min: 1, max: 20 }),
    }),
  );
  const role = fc.constantFrom('client' as const, 'server' as const, 'unknown' as const);
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      role,
      fc.boolean(),
      fc.boolean(),
      (steps, of, joinedLate, wantsUpdates) => {
        const limits = { maxBodyBytes: 100, maxPendingExchanges: 4 };
        const { exchanges, announced } = runParser(redis(), steps, {
          limits,
          joinedLate,
          wantsUpdates,
          connection: { role: of },
        });
        for (const exchange of exchanges) {
          if (joinedLate) expect(exchange.joined).toBe('late');
          expect(
            exchange.request !== undefined || exchange.response !== undefined || exchange.messages !== undefined,
          ).toBe(true);
          if (!exchange.complete) expect(exchange.error).toBeDefined();
        }
        expect(announced.every(({ endedAs }) => endedAs !== undefined)).toBe(true);
      },
    ),
    { numRuns: 1500 },
  );
});

test('the time for a conversation grows as its bytes do, however they come', () => {
  const measure = (count: number): number => {
    const steps: ParserStep[] = [
      { direction: 'egress', bytes: command('SUBSCRIBE', ...Array.from({ length: count }, (_, i) => String(i))) },
      ...Array.from(
        { length: count },
        (_, i): ParserStep => ({
          direction: 'ingress',
          bytes: Buffer.from(`*3\r\n$9\r\nsubscribe\r\n${bulk(String(i)).toString()}:${i + 1}\r\n`),
        }),
      ),
    ];
    const start = process.cpuUsage();
    runParser(redis(), steps, { connection: { role: 'client' } });
    return process.cpuUsage(start).user;
  };
  const least = (count: number) => Math.min(...[1, 2, 3].map(() => measure(count)));
  // Quadratic work would take 64 times as long.
  expect(least(16_000)).toBeLessThan(24 * Math.max(least(2000), 2000));
});
