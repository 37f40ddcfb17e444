// SPDX-License-Identifier: Apache-2.0
import type { SqlResponse } from '@flowtap/core';
import { type ParserRunOptions, type ParserStep, runParser } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { postgres } from '../src/index.js';
import * as pg from './messages.js';
import { ANSWER, ASK, ONE, ONE_FLOW, received, sent } from './messages.js';
import { statements } from './outline.js';

function run(steps: readonly ParserStep[], options: ParserRunOptions = {}) {
  return runParser(postgres(), steps, options);
}

describe('limits', () => {
  test('of rows the first are kept, all are counted', () => {
    const row = pg.dataRow('x');
    const steps = [
      ...pg.login,
      ASK,
      received(pg.rowDescription(ONE), ...new Array(1500).fill(row), pg.complete('SELECT 1500'), pg.ready()),
    ];
    const response = run(steps).exchanges[1]?.response as SqlResponse;
    expect(response.results).toMatchObject([{ rowCount: 1500, rowsTruncated: true }]);
    expect(response.results[0]?.rows).toHaveLength(1000);
  });

  test('of bytes as many as of a body', () => {
    const limits = { maxBodyBytes: 40, maxHeaderBytes: 8 };
    const steps = [
      ...pg.login,
      ASK,
      received(
        pg.rowDescription(ONE),
        pg.dataRow('123456789'),
        pg.dataRow('123456789'),
        pg.dataRow('123456789'),
        pg.dataRow('1'),
        pg.complete('SELECT 4'),
        pg.ready(),
      ),
      sent(pg.query('SELECT 123456789')),
      received(...ANSWER),
      sent(pg.parse('', 'SELECT $1'), pg.bind({ values: ['x'.repeat(2000), 'y'] }), pg.execute(), pg.sync),
      received(pg.parseComplete, pg.bindComplete, pg.complete('SELECT 0'), pg.ready()),
    ];
    expect(statements(run(steps, { limits }))).toEqual([
      'query SELECT 1… → n:int4 [123456789][123456789] … of 4 SELECT 4',
      'query SELECT 1… → n:int4 [1] SELECT 1',
      'execute SELECT $1 (more) → SELECT 0',
    ]);
    expect(statements(run(steps, { limits: { maxBodyBytes: 0 } }))[0]).toBe('query SELECT 1 → n:int4 … of 4 SELECT 4');
  });

  test('of statements that wait the oldest is given up', () => {
    const steps = [
      ...pg.login,
      sent(...new Array(5).fill(pg.query('SELECT 1'))),
      received(...ANSWER, ...ANSWER, ...ANSWER, ...ANSWER, ...ANSWER),
    ];
    const lines = statements(run(steps, { limits: { maxPendingExchanges: 3 } }));
    expect(lines).toEqual([
      ...new Array(2).fill('query SELECT 1 → (none) incomplete (too-many-pending)'),
      ...new Array(3).fill(ONE_FLOW),
    ]);
  });

  test('of prepared statements the least recently used is forgotten', () => {
    const prepare = (name: string) => [
      sent(pg.parse(name, `SELECT '${name}'`), pg.sync),
      received(pg.parseComplete, pg.ready()),
    ];
    const use = (name: string) => [
      sent(pg.bind({ statement: name }), pg.execute(), pg.sync),
      received(pg.bindComplete, pg.complete('SELECT 0'), pg.ready()),
    ];
    const names = Array.from({ length: 1001 }, (_, i) => `s${i}`);
    const found = run([
      ...pg.login,
      ...names.slice(0, 1000).flatMap(prepare),
      ...use('s0'),
      ...prepare('s1000'),
      ...use('s0'),
      ...use('s1'),
    ]);
    expect(statements(found).filter((line) => line.startsWith('execute'))).toEqual([
      "execute <s0> SELECT 's0' → SELECT 0",
      "execute <s0> SELECT 's0' → SELECT 0",
      'execute <s1> → SELECT 0',
    ]);
    expect(found.counts).toMatchObject({ 'statement-forgotten': 2 });
  });

  test('of many results and notices the first', () => {
    const steps = [
      ...pg.login,
      ASK,
      received(...new Array(1200).fill(pg.complete('BEGIN')), ...new Array(20).fill(pg.notice('0', 'n')), pg.ready()),
    ];
    const response = run(steps).exchanges[1]?.response as SqlResponse;
    expect(response).toMatchObject({ resultsTruncated: true });
    expect([response.results.length, response.notices?.length]).toEqual([1000, 16]);
  });
});
