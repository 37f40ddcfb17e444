// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { sqlFlow } from '../../test/sql-flows.js';
import type { SqlRequest, SqlResponse } from '../flow/sql-messages.js';
import { humanFlow } from './human-flow.js';
import { uncoloured } from './palette.js';

const format = { palette: uncoloured, details: true, maxBodyBytes: 1024 };

/** Without time and process. */
function shown(request: Partial<SqlRequest>, response?: Partial<SqlResponse>): readonly string[] {
  const [first = '', ...rest] = humanFlow(sqlFlow(request, response), format).trimEnd().split('\n');
  return [first.split('  ').slice(2, -1).join('  '), ...rest];
}

describe('a statement for a person', () => {
  it('is a line, its parameters, and a small table', () => {
    const rows = [
      ['1', 'a hammer', null],
      ['20', 'größer', new Uint8Array(1536)],
    ];
    const columns = [{ name: 'id', type: 'int4' }, { name: 'name' }, { name: 'content' }];
    const results = [{ columns, rows, rowCount: 2, summary: 'SELECT 2' }];
    expect(shown({ operation: 'execute', sql: 'SELECT *\n  FROM t', parameters: ['x', null] }, { results })).toEqual([
      'execute SELECT * FROM t  SELECT 2',
      '  > SELECT *',
      '  >   FROM t',
      '  > 1: x',
      '  > 2: NULL',
      '  < id │ name     │ content',
      '  < 1  │ a hammer │ NULL',
      '  < 20 │ größer   │ [1.5 KiB]',
    ]);
  });

  it('has what the server said of its failure', () => {
    const error = { code: '23505', message: 'duplicate key', detail: 'Key (id)=(1) already exists.', hint: 'Try 2.' };
    expect(
      shown({ sql: 'INSERT INTO t VALUES (1)' }, { error, notices: [{ code: '00000', message: 'note' }] }),
    ).toEqual([
      'query INSERT INTO t VALUES (1)  23505 duplicate key',
      '  < 00000 note',
      '  < detail: Key (id)=(1) already exists.',
      '  < hint: Try 2.',
    ]);
  });

  it('says what is not shown, and what is not known', () => {
    const rows = Array.from({ length: 20 }, (_, i) => [String(i)]);
    const lines = shown({ operation: 'execute', statement: 's1' }, { results: [{ rows, rowCount: 5000 }] });
    expect(lines[0]).toBe('execute (statement s1)  5000 rows');
    expect(lines).toHaveLength(14);
    expect(lines.at(-1)).toBe('  < [… 5000 rows in all]');
    expect(
      shown({ sql: 'SELECT 1; DELETE FROM t' }, { results: [{ rowCount: 1 }, { rowCount: 0, affectedRows: 2 }] }),
    ).toEqual(['query SELECT 1; DELETE FROM t  2 results', '  < 1 row', '  < 2 rows changed']);
    expect(
      shown({ sql: 'COPY t TO STDOUT' }, { results: [{ rowCount: 9, summary: 'COPY 9', copiedBytes: 2048 }] })[1],
    ).toBe('  < COPY 9 (2.0 KiB)');
    expect(shown({ sql: 'x'.repeat(200), sqlTruncated: true }, {})).toEqual([
      `query ${'x'.repeat(100)}…  done`,
      `  > ${'x'.repeat(200)}`,
      '  > [… only the beginning of the statement]',
    ]);
    const login = { operation: 'connect', user: 'ann', database: 'shop' };
    expect(shown(login, {})).toEqual(['connect ann@shop  done']);
    expect(shown({ sql: 'SELECT 1' })[0]).toBe('query SELECT 1  no response');
  });

  it('cannot take hold of the terminal', () => {
    const results = [{ columns: [{ name: 'a\x1b[2J' }], rows: [['b\u202e\n']], rowCount: 1 }];
    const text = shown({ sql: 'SELECT\x1b[2J' }, { results }).join('\n');
    expect(text).not.toContain('\x1b');
    expect(text).not.toContain('\u202e');
    expect(text.split('\n')).toHaveLength(3);
  });
});
