// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { mysql } from '../src/index.js';
import { client, commands, connected, type Step, server } from './outline.js';
import {
  binaryRow,
  bytes,
  column,
  command,
  counted,
  end,
  eof,
  execution,
  little,
  message,
  messages,
  ok,
  prepared,
  query,
  row,
  str,
} from './packets.js';

vi.setConfig({ testTimeout: 120_000 });

interface Asked {
  readonly sql: string;
  readonly columns: number;
  readonly values: readonly (string | null)[];
  readonly isPrepared: boolean;
}

const text = fc.string({ unit: 'grapheme', maxLength: 300 });

const asked: fc.Arbitrary<Asked> = fc.record({
  sql: text.map((words) => `SELECT ${words}`),
  columns: fc.integer({ min: 1, max: 20 }),
  values: fc.array(fc.option(text), { maxLength: 60 }),
  isPrepared: fc.boolean(),
});

function rowsOf({ columns, values }: Asked): (string | null)[][] {
  const rows: (string | null)[][] = [];
  for (let at = 0; at + columns <= values.length; at += columns) rows.push(values.slice(at, at + columns));
  return rows;
}

function binary(values: readonly (string | null)[]): Buffer {
  const nulls = Buffer.alloc((values.length + 9) >> 3);
  for (const [i, value] of values.entries()) {
    if (value === null) nulls[(i + 2) >> 3] = (nulls[(i + 2) >> 3] ?? 0) | (1 << ((i + 2) & 7));
  }
  return binaryRow(nulls, ...values.filter((value) => value !== null).map((value) => str(value)));
}

function stepsOf(one: Asked, index: number): Step[] {
  const id = index + 1;
  const columns = Array.from({ length: one.columns }, (_, i) => column({ name: `c${i}` }));
  const write = one.isPrepared
    ? binary
    : (values: readonly (string | null)[]) => row(...values.map((v) => v ?? undefined));
  const result = server(messages(1, counted(one.columns), ...columns, ...rowsOf(one).map(write), end()));
  if (!one.isPrepared) return [client(query(one.sql)), result];
  return [
    client(command(0x16, one.sql)),
    server(messages(1, prepared(id, one.columns, 1), column({ name: '?' }), ...columns)),
    client(message(0, execution(id, [{ type: 253, value: str(one.sql) }]))),
    result,
  ];
}

function recut(steps: readonly Step[], sizes: readonly number[]): Step[] {
  let next = 0;
  return steps.flatMap(({ direction, bytes: whole }) => {
    const pieces: Step[] = [];
    for (let at = 0; at < whole.length; ) {
      const size = sizes[next++ % sizes.length] ?? 1;
      pieces.push({ direction, bytes: whole.subarray(at, at + size) });
      at += size;
    }
    return pieces;
  });
}

const sizes = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 10 });

test('any statements in any chunking give what was asked and answered', () => {
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 8 }), sizes, (all, pieceSizes) => {
      const run = runParser(mysql(), recut([...connected(), ...all.flatMap(stepsOf)], pieceSizes));
      const found = commands(run).filter(({ request }) => request?.operation !== 'prepare');
      expect(found.map(({ request }) => request?.sql)).toEqual(all.map(({ sql }) => sql));
      expect(found.map(({ response }) => response?.results[0]?.rows)).toEqual(all.map(rowsOf));
      const parameters = all.map(({ sql, isPrepared }) => (isPrepared ? [sql] : undefined));
      expect(found.map(({ request }) => request?.parameters)).toEqual(parameters);
      expect(run.counts).toEqual({});
    }),
    { numRuns: 150 },
  );
});

test('what is joined anywhere, or has lost any message, is never wrong', () => {
  fc.assert(
    fc.property(fc.array(asked, { minLength: 2, maxLength: 6 }), fc.nat(), (all, seed) => {
      // Statements tell which one they are, and so do their rows.
      const marked = all.map((one, i) => ({ ...one, sql: `${one.sql} ${i}`, columns: 1, values: [String(i)] }));
      const steps = marked.flatMap(stepsOf);
      const at = seed % steps.length;
      const lost = steps[at];
      if (lost === undefined) return;
      const hole = { direction: lost.direction, gapBytes: lost.bytes.length } as const;
      const damaged: readonly ParserStep[] = [...connected(), ...steps.slice(0, at), hole, ...steps.slice(at + 1)];
      const runs = [runParser(mysql(), damaged), runParser(mysql(), steps.slice(at), { joinedLate: true })];
      for (const run of runs) {
        const found = commands(run).filter(({ request }) => request?.operation !== 'prepare');
        for (const { request, response } of found) {
          const [rows] = (response?.results ?? []).map((result) => result.rows);
          if (request?.sql === undefined || rows === undefined || rows.length === 0) continue;
          expect(request.sql.endsWith(` ${String(rows[0]?.[0])}`)).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('no bytes make it throw, keep more than its limits allow, or take long', () => {
  const payload = fc.oneof(
    fc.constantFrom(ok(), eof(), end(), bytes(2), column({ name: 'x' }), row('1'), prepared(1, 2, 2), bytes(0xfb, 'x')),
    fc.constantFrom(query('SELECT 1').subarray(4), execution(1, []), bytes(0x0e), bytes(0x16, 'DO ?')),
    fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw)),
  );
  const step = fc.record({
    direction: fc.constantFrom('ingress' as const, 'egress' as const),
    sequence: fc.constantFrom(0, 1, 2, 3, 255),
    payload,
    tail: fc.uint8Array({ maxLength: 6 }),
    gapBytes: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), fc.boolean(), (given, joinedLate, isConnected) => {
      const hostile = given.flatMap(({ direction, sequence, payload: content, tail, gapBytes }): ParserStep[] => [
        { direction, bytes: bytes(message(sequence, content), tail.length > 4 ? Buffer.from(tail) : '') },
        ...(gapBytes > 15 ? [{ direction, gapBytes }] : []),
      ]);
      const limits = { maxBodyBytes: 100, maxHeaderBytes: 100, maxPendingExchanges: 3 };
      const run = runParser(mysql(), [...(isConnected ? connected() : []), ...hostile], { joinedLate, limits });
      for (const { request, response } of commands(run)) {
        expect(Buffer.byteLength(request?.sql ?? '')).toBeLessThanOrEqual(100);
        expect(JSON.stringify(response?.results.map(({ rows }) => rows) ?? []).length).toBeLessThan(2000);
      }
    }),
    { numRuns: 1000 },
  );
});

test('takes time in proportion to the bytes, also byte by byte', () => {
  const rows = Array.from({ length: 4000 }, (_, i) => row(String(i), 'x'.repeat(40)));
  const result = messages(1, bytes(2), column({ name: 'a' }), column({ name: 'b' }), ...rows, end());
  const long = client(query(`SELECT '${'x'.repeat(200_000)}'`));
  const steps = [...connected(), long, server(result), client(message(0, little(0x0e, 1))), server(message(1, ok()))];
  const begin = performance.now();
  const run = runParser(mysql(), recut(steps, [1]));
  expect(performance.now() - begin).toBeLessThan(20_000);
  expect(commands(run)).toMatchObject([{ response: { results: [{ rowCount: 4000 }] } }, { complete: true }]);
});
