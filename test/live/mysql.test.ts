// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { useCertificate } from './support/certificate.js';
import type { Flow } from './support/flow.js';
import { attach, startRun } from './support/flowtap.js';
import {
  type MariadbPlace,
  type MariadbServer,
  mariadbArguments,
  mariadbNeeds,
  startMariadb,
} from './support/mariadb.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment, type Program } from './support/program.js';
import { useScene } from './support/scene.js';

// Each test makes a server with a directory of its own.
vi.setConfig({ testTimeout: 120_000 });

const scene = useScene();
const certificate = useCertificate();
const nodeClient = fileURLToPath(new URL('./support/node/mysql-client.mjs', import.meta.url));

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

const STATEMENTS: readonly Statement[] = [
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

const requestOf = (flow: Flow | undefined) => flow?.request as unknown as Sql | undefined;
const resultsOf = (flow: Flow | undefined) =>
  (flow?.response as unknown as { readonly results: readonly SqlResult[] } | undefined)?.results;

/** JSON of a value in a flow. */
function asJson(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value === null ? null : String(value);
  return { base64: Buffer.from(value.hex, 'hex').toString('base64') };
}

/** Executes one after the other. */
async function executeAll(client: Program, from: number, statements: readonly Statement[]): Promise<readonly Answer[]> {
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
function expectStatements(flows: readonly Flow[], answers: readonly Answer[]): void {
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
const EXPECTED_FLOWS = 1 + STATEMENTS.length + preparations;

function expectEach(
  flows: readonly Flow[],
  role: 'client' | 'server',
  place: MariadbPlace,
  server: MariadbServer,
): void {
  for (const flow of flows) {
    expect(flow).toMatchObject({
      protocol: 'mysql',
      scheme: 'mysql',
      role,
      tls: place === 'tls',
      destination: place === 'unix' ? { path: server.socket } : { address: '127.0.0.1', port: server.port },
    });
  }
  expect(JSON.stringify(flows)).not.toContain(server.password);
}

/** What the command `mariadb` is given. */
function script(file: string): string {
  return `CREATE TABLE words (n INT, word VARCHAR(20));
LOAD DATA LOCAL INFILE '${file}' INTO TABLE words;
SELECT n, word FROM words ORDER BY n;
UPDATE words SET word = 'same' WHERE n > 1;
SELECT nothing FROM nowhere;
SET PASSWORD = PASSWORD('a password that nobody sees');
`;
}

/** Statements and results in the command's own words: what it echoes with -vvv. */
function echoed(stdout: string): readonly string[] {
  const [, ...parts] = stdout.split(/^-{14}\n/m);
  const lines: string[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [said = ''] = /^(\d+ rows? in set|Query OK, \d+ rows? affected)/m.exec(parts[i + 1] ?? '') ?? [];
    lines.push(`${parts[i]?.trim()}: ${said}`);
  }
  return lines;
}

function inWords(flow: Flow): string {
  const [result] = resultsOf(flow) ?? [];
  const rows = (count: number) => `${count} row${count === 1 ? '' : 's'}`;
  const said =
    result === undefined
      ? ''
      : result.columns === undefined
        ? `Query OK, ${rows(result.affectedRows ?? 0)} affected`
        : `${rows(result.rowCount)} in set`;
  return `${requestOf(flow)?.sql}: ${said}`;
}

function expectScript(flows: readonly Flow[], stdout: string, stderr: string): void {
  const statements = flows.filter((flow) => requestOf(flow)?.operation === 'query').slice(-6);
  expect(flows.map((flow) => requestOf(flow)?.operation)).toEqual([
    'connect',
    ...statements.map(() => 'query'),
    'quit',
  ]);
  const redacted = /PASSWORD\('[^']*'\)/;
  expect(statements.map(inWords).map((line) => line.replace(redacted, 'PASSWORD'))).toEqual(
    echoed(stdout).map((line) => line.replace(redacted, 'PASSWORD')),
  );
  const [, load, select, , failed] = statements;
  expect(load?.response).toMatchObject({
    results: [{ affectedRows: 2, summary: expect.stringContaining('Records: 2') }],
  });
  expect(resultsOf(select)).toMatchObject([
    {
      rows: [
        ['1', 'one'],
        ['2', null],
      ],
    },
  ]);
  expect(failed?.response).toMatchObject({ results: [], error: { code: '42S02', errorNumber: 1146 } });
  expect(stderr).toContain('ERROR 1146 (42S02)');
}

describeLive('MySQL', ['openssl', ...mariadbNeeds], () => {
  describe.each(['tcp', 'tls', 'unix'] as const)('%s', (place) => {
    const driver = (server: MariadbServer) => {
      const address = place === 'unix' ? server.socket : String(server.port);
      return [process.execPath, nodeClient, address, place === 'tls' ? 'tls' : 'plain', server.user, server.password];
    };

    const words = () => {
      const path = scene.path('words.tsv');
      writeFileSync(path, '1\tone\n2\t\\N\n');
      return script(path);
    };

    const command = (server: MariadbServer) => {
      const options = [...mariadbArguments(server, place), '--local-infile', '--force', '-vvv', 'shop'];
      return { options, environment: { env: { ...cleanEnvironment, MYSQL_PWD: server.password } } };
    };

    test('clients: mysql2 of Node.js and the command mariadb', async () => {
      const server = await startMariadb(scene, certificate);
      const { options, environment } = command(server);
      const capture = await startRun(scene, ['mariadb', ...options], [], { ...environment, input: words() });
      const { flows, stdout, stderr } = await capture.end();
      expectEach(flows, 'client', place, server);
      expectScript(flows, stdout, stderr);

      const second = await startRun(scene, driver(server));
      expect(await second.program.line(0)).toBe('connected');
      const answers = await executeAll(second.program, 1, STATEMENTS);
      second.program.closeInput();
      const [login, ...others] = (await second.end()).flows;
      expect(login).toMatchObject({ request: { operation: 'connect', user: 'ann' }, complete: true });
      expectEach(others, 'client', place, server);
      expectStatements(others, answers);
    });

    test('the server with both, and a connection from before the capture', async () => {
      const server = await startMariadb(scene, certificate);
      const [program = '', ...args] = driver(server);
      const early = await scene.start(program, args);
      expect(await early.line(0)).toBe('connected');
      const next = 'SELECT ? + 1 AS next';
      await executeAll(early, 1, [{ sql: next, values: ['1'] }]);

      const capture = await attach(scene, ['--pid', server.program.pid]);
      const { options, environment } = command(server);
      const { stdout, stderr } = await scene.run('mariadb', options, { ...environment, input: words() });
      const ofCommand = await capture.flowCount(8);
      expectScript(ofCommand, stdout, stderr);

      const client = await scene.start(program, args);
      expect(await client.line(0)).toBe('connected');
      const answers = await executeAll(client, 1, STATEMENTS);
      const ofDriver = (await capture.flowCount(8 + EXPECTED_FLOWS)).slice(8);
      expect(ofDriver[0]).toMatchObject({ request: { operation: 'connect', user: 'ann' }, complete: true });
      expectStatements(ofDriver.slice(1), answers);

      const [late] = await executeAll(early, 2, [{ sql: next, values: ['41'] }]);
      expect(late).toMatchObject([{ rows: [[expect.anything()]] }]);
      const all = await capture.flowCount(8 + EXPECTED_FLOWS + 1);
      expectEach(all, 'server', place, server);
      const last = all.at(-1);
      expect(last).toMatchObject({
        joined: 'late',
        complete: true,
        request: { operation: 'execute', statement: expect.any(String) },
        response: { results: [{ columns: [{ name: 'next' }], rows: [['42']], rowCount: 1 }] },
      });
      expect(requestOf(last)).not.toHaveProperty('sql');
      expect(requestOf(last)).not.toHaveProperty('parameters');
    });
  });

  test('compressed, refused, and opened under a wrong name', async () => {
    const server = await startMariadb(scene, certificate);
    const environment = { env: { ...cleanEnvironment, MYSQL_PWD: server.password } };
    const args = mariadbArguments(server, 'tcp');
    const sql = `SELECT seq, REPEAT('words ', 20) FROM shop.seq_1_to_200`;
    const compressed = ['mariadb', ...args, '--compress', `--execute=${sql}`];
    const ended = await (await startRun(scene, compressed, [], { ...environment, input: '' })).end();
    const status = await scene.run(
      'mariadb',
      [...args, '--compress', '--execute=SHOW STATUS LIKE "Compression"'],
      environment,
    );
    expect(status.stdout).toContain('ON');
    const found = ended.flows.find((flow) => requestOf(flow)?.sql === sql);
    const lines = ended.stdout
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split('\t'));
    expect(lines).toHaveLength(200);
    expect(resultsOf(found)).toMatchObject([{ rowCount: 200, rows: lines }]);

    const refused = ['mariadb', ...args, '--user=nobody-knows', '--execute=SELECT 1'];
    const { flows } = await (await startRun(scene, refused, [], { ...environment, input: '' })).end();
    expect(flows).toMatchObject([
      {
        complete: true,
        request: { operation: 'connect', user: 'nobody-knows' },
        response: { error: { code: '28000', errorNumber: 1045 } },
      },
    ]);
  });
});
