// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { operationOf, withoutLiterals } from './sql-text.js';

describe('a statement has no values any more', () => {
  it.each([
    ["select * from users where name = 'O''Hara' and age > 30", 'select * from users where name = ? and age > ?'],
    ['select $1, t1.c2 from "T 1" where x = 1.5e-3', 'select $1, t1.c2 from "T 1" where x = ?'],
    ["select '\\', 'secret'", 'select ?, ?'],
    ["select E'it\\'s', 'secret'", 'select ?, ?'],
    ["-- don't\nselect 'secret'", 'select ?'],
    ["/* it's */ select 'secret'", 'select ?'],
    ["select $$it's$$, $a$ $$ 'x' $a$, 'secret'", 'select ?, ?, ?'],
    ["select 'never ends", 'select ?'],
    ['select 0xFF, -7, v2, 3', 'select ?, -?, v2, ?'],
    ['  select\n  1  ', 'select ?'],
  ])('%s', (sql, text) => {
    expect(withoutLiterals(sql, 'postgresql')).toBe(text);
  });

  it.each([
    ["select 'it\\'s', \"secret\", `a'b`", "select ?, ?, `a'b`"],
    ["# don't\nselect 'secret'", 'select ?'],
    ['select * from t where a = ? and b = "x""y"', 'select * from t where a = ? and b = ?'],
  ])('as MySQL reads it: %s', (sql, text) => {
    expect(withoutLiterals(sql, 'mysql')).toBe(text);
  });

  it('in a time that grows with its length only', () => {
    const begin = performance.now();
    withoutLiterals(
      `${'$a$ '.repeat(50_000)}${"'".repeat(50_001)}${'/*'.repeat(50_000)}${'"'.repeat(50_001)}`,
      'postgresql',
    );
    withoutLiterals(`${"'\\".repeat(50_000)}${'"\\'.repeat(50_000)}${'`'.repeat(50_001)}`, 'mysql');
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});

it.each([
  ['select 1', 'SELECT'],
  ['  (Select 1)', 'SELECT'],
  ['with x as (select 1) select 2', 'WITH'],
  ['', undefined],
  ['?', undefined],
])('the operation of %j is %s', (sql, operation) => {
  expect(operationOf(sql)).toBe(operation);
});
