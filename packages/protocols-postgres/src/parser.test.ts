// SPDX-License-Identifier: Apache-2.0
import { type ParserRunOptions, type ParserStep, runParser, testProtocol } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import * as pg from '../test/messages.js';
import { ANSWER, ASK, ONE, ONE_FLOW, received } from '../test/messages.js';
import { outlines, statements } from '../test/outline.js';
import { VECTORS } from '../test/vectors.js';
import { postgres } from './plugin.js';

function run(steps: readonly ParserStep[], options: ParserRunOptions = {}) {
  return runParser(postgres(), steps, options);
}

describe('sessions, whole, byte by byte, at every split and with gaps at every place', () => {
  test.each(VECTORS)('$name', ({ name, steps, expected, joinedLate = false }) => {
    const whole = run(steps, { joinedLate });
    expect(outlines(whole)).toEqual(expected);
    expect(
      whole.exchanges.every(({ scheme, joined }) => scheme === 'postgresql' && (joined === 'late') === joinedLate),
    ).toBe(true);
    testProtocol(postgres(), [{ name, messages: steps, verify: () => {}, joinedLate }]);
  });
});

test('nothing of a login but who and where is kept', () => {
  const [, , { steps }] = [0, 0, VECTORS[0] ?? { steps: [] }];
  const [exchange] = run(steps).exchanges;
  expect(exchange?.request).toEqual({ kind: 'sql', operation: 'connect', user: 'ann', database: 'shop' });
  expect(JSON.stringify(run(steps))).not.toMatch(/secret|salt/);
  expect(statements(run(steps))).toEqual([]);
});

describe('the end', () => {
  test.each([
    ['closed', [], 'no-response'],
    ['closed', [pg.rowDescription(ONE)], 'connection-closed'],
    ['end', [], 'capture-ended'],
    ['limit', [], 'connection-dropped'],
  ] as const)('%s', (closeReason, answer, code) => {
    const steps = [...pg.login, ASK, ...(answer.length === 0 ? [] : [received(...answer)])];
    expect(run(steps, { closeReason }).exchanges[1]).toMatchObject({ complete: false, error: { code } });
  });

  test('a server that says why it ends the session', () => {
    const steps = [...pg.login, ASK, received(pg.errorResponse('57P01', 'terminating connection'))];
    expect(statements(run(steps))).toEqual(['query SELECT 1 → error 57P01 terminating connection']);
  });

  test('bytes that are no messages', () => {
    const steps = [
      ...pg.login,
      ASK,
      received(pg.rowDescription(ONE), Buffer.from('nonsense')),
      ASK,
      received(...ANSWER),
    ];
    const found = run(steps);
    expect(statements(found)).toEqual(['query SELECT 1 → incomplete (malformed-message)', ONE_FLOW]);
    expect(found.counts).toMatchObject({ 'malformed-message': 1, 'bytes-without-messages': 8 });
  });
});

test('a statement is announced when it is asked', () => {
  const { announced } = run([...pg.login, ASK, received(...ANSWER)], { wantsUpdates: true });
  expect(announced.map(({ exchange, endedAs }) => [(exchange.request as { sql?: string }).sql, endedAs])).toEqual([
    [undefined, 0],
    ['SELECT 1', 1],
  ]);
});
