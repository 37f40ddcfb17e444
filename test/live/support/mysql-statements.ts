// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import type { Flow } from './flow.js';
import type { Program } from './program.js';

type Value = string | number | null | { readonly hex: string };

interface Statement {
  readonly sql: string;
  /** Absent: it is not prepared. */
  readonly values?: readonly Value[];
}

/** What the driver gave back: a result for each statement, or the server's error. */
type Answer =
  | readonly (
      | { readonly affectedRows: number; readonly insertId: number }
      | { readonly columns: readonly string[]; readonly rows: readonly (readonly Value[])[] }
    )[]
  | { readonly code: string; readonly message: string; readonly errorNumber: number };

/** A column of each type that is written in a form of its own. */
const COLUMNS = [
  'id INT PRIMARY KEY AUTO_INCREMENT, tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, big BIGINT UNSIGNED',
  'filled INT(6) ZEROFILL, price DECIMAL(10,2), f FLOAT, d DOUBLE, fixed DOUBLE(8,3), name VARCHAR(50), code CHAR(3)',
  'words TEXT, data BLOB, raw VARBINARY(8), day DATE, at DATETIME(3), stamp TIMESTAMP NULL, took TIME(2), y YEAR',
  "bits BIT(10), size ENUM('s', 'l'), tags SET('a', 'b')",
].join(', ');

const FULL = [
  "NULL, -1, 65535, -8388608, 18446744073709551615, 42, 12.5, 1.1, -1e-7, 2.5, 'größer', 'ab', 'Text', x'00ff', x'10'",
  "'2024-02-29', '2024-02-29 12:34:56.789', '2024-02-29 01:02:03', '-101:02:03.45', 2024, b'1000000001', 'l', 'a,b'",
].join(', ');

/** What the driver is given, one after the other. */
export const STATEMENTS: readonly Statement[] = [
  { sql: 'USE shop' },
  { sql: `CREATE TABLE things (${COLUMNS})` },
  { sql: `INSERT INTO things VALUES (${FULL})` },
  {
    sql: 'INSERT INTO things (tiny, big, filled, price, f, d, fixed, y) VALUES (0, 0, 0, 123456.78, 16777216, 1e20, -0.5, 0)',
  },
  { sql: 'INSERT INTO things () VALUES ()' },
  { sql: 'SELECT * FROM things ORDER BY id' },
  { sql: 'SELECT * FROM things WHERE id >= ? ORDER BY id', values: [1] },
  { sql: 'SELECT * FROM things WHERE id >= ? ORDER BY id', values: [3] },
  {
    sql: 'INSERT INTO things (name, data, price, code) VALUES (?, ?, ?, ?)',
    values: ['a hammer', { hex: '00ff10' }, '9.75', null],
  },
  { sql: 'SELECT name, data, price, code FROM things WHERE name = ?', values: ['a hammer'] },
  { sql: 'SELECT 1 AS one; SELECT name FROM things WHERE id < 3; UPDATE things SET price = 1' },
  { sql: 'INSERT INTO things (id) VALUES (?)', values: [1] },
  { sql: 'SELECT no_such_column FROM things' },
  { sql: 'SELECT seq, REPEAT("x", 100) FROM seq_1_to_20000' },
  { sql: 'DELETE FROM things WHERE price = ?', values: [1] },
];

interface Sql {
  readonly operation: string;
  readonly sql?: string;
  readonly parameters?: readonly unknown[];
}

interface SqlResult {
  readonly columns?: readonly { readonly name: string }[];
  readonly rows?: readonly (readonly unknown[])[];
  readonly rowCount: number;
  readonly affectedRows?: number;
  readonly rowsTruncated?: true;
}

export const requestOf = (flow: Flow | undefined) => flow?.request as unknown as Sql | undefined;
export const resultsOf = (flow: Flow | undefined) =>
  (flow?.response as unknown as { readonly results: readonly SqlResult[] } | undefined)?.results;

/** JSON of a value in a flow. */
function asJson(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value === null ? null : String(value);
  return { base64: Buffer.from(value.hex, 'hex').toString('base64') };
}

/** Executes one after the other. */
export async function executeAll(
  client: Program,
  from: number,
  statements: readonly Statement[],
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const [index, statement] of statements.entries()) {
    client.write(`${JSON.stringify(statement)}\n`);
    answers.push(JSON.parse(await client.line(from + index)) as Answer);
  }
  return answers;
}

function expectResult(found: SqlResult, answer: Exclude<Answer, { code: string }>[number], isPrepared: boolean): void {
  if ('affectedRows' in answer) {
    expect(found).toMatchObject({ affectedRows: answer.affectedRows, rowCount: 0 });
    return;
  }
  expect(found.columns?.map(({ name }) => name)).toEqual(answer.columns);
  expect(found.rowCount).toBe(answer.rows.length);
  const rows = found.rows ?? [];
  expect(rows.length === answer.rows.length || found.rowsTruncated).toBe(true);
  expect(rows.length).toBeGreaterThan(Math.min(answer.rows.length, 1000) - 1);
  // Of binary rows the driver makes values of its own; the text of the same row is what they are compared with.
  if (!isPrepared) expect(rows).toEqual(answer.rows.slice(0, rows.length).map((row) => row.map(asJson)));
}

/** The flows of each statement: of a prepared one the first time also its preparation. */
export function expectStatements(flows: readonly Flow[], answers: readonly Answer[]): void {
  const prepared = new Set<string>();
  let next = 0;
  for (const [i, { sql, values }] of STATEMENTS.entries()) {
    if (values !== undefined && !prepared.has(sql)) {
      prepared.add(sql);
      expect(flows[next++]).toMatchObject({ complete: true, request: { operation: 'prepare', sql } });
    }
    const flow = flows[next++];
    const answer = answers[i] as Answer;
    expect(flow).toMatchObject({
      complete: true,
      request: { operation: values === undefined ? 'query' : 'execute', sql, user: 'ann' },
    });
    if (i > 0) expect(flow).toMatchObject({ request: { database: 'shop' } });
    expect(requestOf(flow)?.parameters).toEqual(values?.map(asJson));
    if ('code' in answer) {
      expect(flow?.response).toMatchObject({ error: answer });
      continue;
    }
    const results = resultsOf(flow) ?? [];
    expect(results).toHaveLength(answer.length);
    for (const [j, result] of results.entries()) {
      const expected = answer[j];
      if (expected !== undefined) expectResult(result, expected, values !== undefined);
    }
  }
  expect(requestOf(flows[next])?.operation ?? 'quit').toBe('quit');
  const bySql = (operation: string) =>
    flows.filter(
      (flow) => requestOf(flow)?.sql?.startsWith('SELECT * FROM things') && requestOf(flow)?.operation === operation,
    );
  const [asText] = bySql('query').flatMap((flow) => resultsOf(flow) ?? []);
  const [asBinary] = bySql('execute').flatMap((flow) => resultsOf(flow) ?? []);
  expect(asText?.rows).toHaveLength(3);
  expect(asBinary?.rows).toEqual(asText?.rows);
}

const preparations = new Set(STATEMENTS.filter(({ values }) => values !== undefined).map(({ sql }) => sql)).size;
/** Flows of the statements, login included. */
export const EXPECTED_FLOWS = 1 + STATEMENTS.length + preparations;
