// SPDX-License-Identifier: Apache-2.0
import { type ParserRunOptions, type ParserStep, runParser } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { postgres } from '../src/index.js';
import * as pg from './messages.js';
import { ANSWER, ASK, ONE, ONE_FLOW, received, sent } from './messages.js';
import { outlines, statements } from './outline.js';

function run(steps: readonly ParserStep[], options: ParserRunOptions = {}) {
  return runParser(postgres(), steps, options);
}

const GAP = (direction: 'ingress' | 'egress', gapBytes: number): ParserStep => ({ direction, gapBytes });
describe('bytes that were not captured', () => {
  test('within a row: the row is not kept, all is complete', () => {
    const row = pg.dataRow('a long value');
    const steps = [
      ...pg.login,
      ASK,
      received(pg.rowDescription(ONE), row.subarray(0, 15)),
      GAP('ingress', 4),
      received(row.subarray(19), pg.dataRow('2'), pg.complete('SELECT 2'), pg.ready()),
    ];
    const found = run(steps);
    expect(statements(found)).toEqual(['query SELECT 1 → n:int4 … of 2 SELECT 2']);
    expect(found.exchanges[1]?.gaps).toMatchObject([{ direction: 'ingress', bytes: 4, reason: 'ring-full' }]);
  });

  test('within a statement: its beginning is shown', () => {
    const query = pg.query('SELECT 1 FROM somewhere');
    const steps = [
      ...pg.login,
      sent(query.subarray(0, 13)),
      GAP('egress', 5),
      sent(query.subarray(18)),
      received(...ANSWER),
    ];
    const found = run(steps);
    expect(statements(found)).toEqual(['query SELECT 1… → n:int4 [1] SELECT 1']);
    expect(found.exchanges[1]?.gaps).toHaveLength(1);
  });

  test('between messages of an answer: its end is found, and the next statement is whole', () => {
    const steps = [
      ...pg.login,
      ASK,
      received(pg.rowDescription(ONE), pg.dataRow('1')),
      GAP('ingress', 1000),
      received(Buffer.from('the rest of a row'), pg.dataRow('3'), pg.complete('SELECT 99'), pg.ready()),
      ASK,
      received(...ANSWER),
    ];
    const found = run(steps);
    expect(statements(found)).toEqual([
      'query SELECT 1 → n:int4 [1] (unfinished) incomplete (gap-in-statement)',
      ONE_FLOW,
    ]);
    expect(found.exchanges[1]?.gaps).toHaveLength(1);
    expect(found.counts).toMatchObject({ resync: 1 });
  });

  test('a whole answer, and a whole statement', () => {
    const steps = [
      ...pg.login,
      ASK,
      GAP('ingress', 66),
      ASK,
      received(...ANSWER),
      GAP('egress', 14),
      received(...ANSWER),
    ];
    expect(statements(run([...steps, ASK, received(...ANSWER)]))).toEqual([
      'query SELECT 1 → (none) incomplete (gap-in-statement)',
      ONE_FLOW,
      '(no request) → n:int4 [1] SELECT 1 incomplete (request-not-captured)',
      ONE_FLOW,
    ]);
  });

  test('of a client that does not wait for its answers: nothing is paired by guess', () => {
    const steps = [
      ...pg.login,
      sent(pg.query('SELECT 1'), pg.query('SELECT 2'), pg.query('SELECT 3')),
      received(...ANSWER),
      GAP('ingress', 66),
      received(...ANSWER),
      sent(pg.query('SELECT 4')),
      received(...ANSWER),
    ];
    const found = run(steps).exchanges.map(({ request, complete }) => [(request as { sql?: string })?.sql, complete]);
    expect(found.filter(([, complete]) => complete)).toEqual([
      [undefined, true],
      ['SELECT 1', true],
    ]);
    expect(found.map(([sql]) => sql)).toEqual(expect.arrayContaining(['SELECT 2', 'SELECT 3', 'SELECT 4']));
  });

  test('at the start: the rest is read like a connection that was joined late', () => {
    const steps = [
      GAP('egress', 40),
      received(...(pg.login[1] === undefined ? [] : [pg.login[1].bytes])),
      ASK,
      received(...ANSWER),
    ];
    expect(statements(run(steps, { connection: { role: 'client' } })).at(-1)).toBe(ONE_FLOW);
  });
});

describe('joined late', () => {
  const late = { joinedLate: true } as const;

  test.each(['client', 'server'] as const)('as %s, in the middle of a long row', (role) => {
    const turn = ({ direction, bytes }: { direction: string; bytes: Buffer }): ParserStep => ({
      direction: (direction === 'egress') === (role === 'client') ? 'egress' : 'ingress',
      bytes,
    });
    const steps = [
      received(Buffer.from('the end of a row'), pg.complete('SELECT 7'), pg.ready()),
      ASK,
      received(...ANSWER),
    ].map(turn);
    const found = run(steps, { ...late, connection: { role } });
    expect(outlines(found)).toEqual([ONE_FLOW]);
    expect(found.exchanges[0]).toMatchObject({
      requestDirection: role === 'client' ? 'egress' : 'ingress',
      joined: 'late',
    });
    expect(outlines(run(steps, late))).toEqual([ONE_FLOW]);
  });

  test('a statement in many pieces', () => {
    const query = pg.query(`SELECT '${'x'.repeat(5000)}'`);
    const pieces = [query.subarray(0, 3), query.subarray(3, 1500), query.subarray(1500)].map((piece) => sent(piece));
    expect(outlines(run([...pieces, received(...ANSWER)], late))).toEqual([
      `query SELECT '${'x'.repeat(5000)}' → n:int4 [1] SELECT 1`,
    ]);
  });

  test.each([
    ['an HTTP request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['text that begins like a message', `Q 12 ${'and so on '.repeat(200)}`],
    ['a single message that may be anything', 'S\0\0\0\x04'],
    ['zeros', '\0'.repeat(2000)],
  ])('%s is not taken for it', (_, content) => {
    const bytes = Buffer.from(content, 'latin1');
    const probe = {
      ingress: bytes.subarray(0, 1024),
      egress: Buffer.alloc(0),
      joinedLate: true,
      layer: 'raw',
    } as const;
    const connection = { id: 1, role: 'unknown', transport: 'tcp', joinedLate: true } as const;
    expect(postgres().detect({ ...probe, connection })).not.toBe('match');
  });
});

test('a name that is cut is not taken for another one', () => {
  const prepare = (name: string) => [
    sent(pg.parse(name, `SELECT '${name}'`), pg.sync),
    received(pg.parseComplete, pg.ready()),
  ];
  const bind = pg.bind({ statement: 's12' });
  const steps = [
    ...[...pg.login, ...prepare('s1'), ...prepare('s12')],
    // Type, length, the empty name of the portal, `s1`.
    sent(bind.subarray(0, 8)),
    GAP('egress', 2),
    sent(bind.subarray(10), pg.execute(), pg.sync),
    received(pg.bindComplete, pg.complete('SELECT 0'), pg.ready()),
  ];
  const found = run(steps);
  expect(statements(found).at(-1)).toBe('execute (more) → SELECT 0');
  expect(found.exchanges.at(-1)?.gaps).toHaveLength(1);
});
