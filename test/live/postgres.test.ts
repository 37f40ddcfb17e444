// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import type { Flow } from './support/flow.js';
import { attach, startRun } from './support/flowtap.js';
import { freePort } from './support/free-port.js';
import { describeLive } from './support/needs.js';
import { connectionString, launchPostgres, postgresNeeds, psql, startPostgres } from './support/postgres.js';
import { cleanEnvironment, type Program } from './support/program.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const nodeClient = fileURLToPath(new URL('./support/node/pg-client.mjs', import.meta.url));

const PASSWORD = 'a password that nobody sees';

interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Of the values, those that stand for bytes, in hexadecimal digits. */
  readonly bytes?: readonly number[];
  readonly name?: string;
  readonly binary?: boolean;
  readonly queryMode?: 'extended';
}

type Value = string | null | { readonly hex: string };

/** What the driver gave back: a result for each statement, or the server's error. */
type Answer =
  | readonly {
      readonly command: string | null;
      readonly rowCount: number | null;
      readonly columns: readonly { readonly name: string }[];
      readonly rows: readonly (readonly Value[])[];
    }[]
  | { readonly code: string; readonly message: string };

const TYPES = "SELECT true, 1::int2, -2::int4, 9007199254740993::int8, 1.5::float4, -1e-7::float8, 'größer'::text";
const MORE = "SELECT '\\x00ff'::bytea, '2024-02-29'::date, '1969-12-31 23:59:59.5'::timestamp, -1234.5600::numeric";
const UUID = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

const STATEMENTS: readonly Statement[] = [
  { text: 'CREATE TABLE things (id int PRIMARY KEY, name text, content bytea, price numeric(8,2))' },
  { text: 'INSERT INTO things VALUES ($1, $2, $3, $4)', values: [1, 'a hammer', '00ff10', '12.50'], bytes: [2] },
  { text: 'INSERT INTO things VALUES ($1, $2, $3, $4)', values: [2, null, null, null] },
  { name: 'by id', text: 'SELECT id, name, content, price FROM things WHERE id >= $1 ORDER BY id', values: [1] },
  { name: 'by id', text: 'SELECT id, name, content, price FROM things WHERE id >= $1 ORDER BY id', values: [2] },
  { text: 'INSERT INTO things VALUES ($1)', values: [1] },
  { text: 'SELECT no_such_column FROM things' },
  { text: 'SELECT 1 AS one; SELECT name FROM things; UPDATE things SET price = 1' },
  { text: '' },
  { text: 'SELECT g, repeat($1, 100) FROM generate_series(1, 2500) g', values: ['x'] },
  { text: TYPES, binary: true, queryMode: 'extended' },
  { text: MORE, binary: true, queryMode: 'extended' },
  {
    text: 'SELECT $1::uuid, $2::jsonb, $3::timestamptz',
    binary: true,
    values: [UUID, '{"a": 1}', '2024-01-01 12:00+01'],
  },
  { text: 'DELETE FROM things WHERE price = $1', values: ['1'] },
];

/** Rows of a flow, and of a long result its first ones. */
const MAX_ROWS = 1000;

/** What the driver gave back in binary, which the flows have as text. */
const TEXTS: Readonly<Record<string, readonly Value[]>> = {
  [TYPES]: ['t', '1', '-2', '9007199254740993', '1.5', '-1e-07', 'größer'],
  [MORE]: [{ hex: '00ff' }, '2024-02-29', '1969-12-31 23:59:59.5', '-1234.5600'],
  'SELECT $1::uuid, $2::jsonb, $3::timestamptz': [UUID, '{"a": 1}', '2024-01-01 11:00:00+00'],
};

/** Many values of a type, in binary, each beside what the server writes for it as text. */
const manyValues = (type: string, expression: string): Statement => ({
  text: `SELECT value, value::text FROM (SELECT (${expression})::${type} AS value FROM generate_series(1, 500)) AS many`,
  ...{ binary: true, queryMode: 'extended' },
});
const EXPONENT = '10 ^ (random() * 40 - 20)::int';
const DAYS = '(random() * 800000 - 400000)';
const MANY: readonly Statement[] = [
  manyValues('float8', `(random() - 0.5) * ${EXPONENT}`),
  manyValues('float4', `(random() - 0.5) * ${EXPONENT}`),
  manyValues('numeric', `(random() - 0.5) * ${EXPONENT}`),
  manyValues('date', `'2000-01-01'::date + ${DAYS}::int`),
  manyValues('timestamp', `'2000-01-01'::timestamp + ${DAYS} * interval '1 day'`),
  manyValues('timestamptz', `'2000-01-01'::timestamptz + ${DAYS} * interval '1 day'`),
  manyValues('uuid', 'gen_random_uuid()'),
  manyValues('int8', '((random() - 0.5) * 1e18)'),
];

interface Sql {
  readonly operation: string;
  readonly sql?: string;
  readonly parameters?: readonly unknown[];
}

const requestOf = (flow: Flow) => flow.request as unknown as Sql | undefined;

async function startServer() {
  const port = await freePort();
  const server = await launchPostgres(scene, { certificate, port, password: PASSWORD });
  await startPostgres(server);
  return { server, port };
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

/** JSON of a value that is bytes. */
const asJson = (value: Value) =>
  value !== null && typeof value === 'object' ? { base64: Buffer.from(value.hex, 'hex').toString('base64') } : value;

function expectStatement(flow: Flow | undefined, statement: Statement, answer: Answer): void {
  const { text, values = [], bytes = [] } = statement;
  const parameters = values.map((value, i) =>
    asJson(value === null ? null : bytes.includes(i) ? { hex: String(value) } : String(value)),
  );
  expect(flow).toMatchObject({
    complete: true,
    request: {
      operation: statement.values === undefined && statement.queryMode === undefined ? 'query' : 'execute',
      sql: text,
      database: 'postgres',
      user: 'postgres',
      ...(statement.name === undefined ? {} : { statement: statement.name }),
    },
  });
  expect(requestOf(flow as Flow)?.parameters ?? []).toEqual(parameters);
  if ('code' in answer) {
    expect(flow?.response).toMatchObject({ error: { code: answer.code, message: answer.message } });
    return;
  }
  // The driver gives one without a command where the server says that there was nothing to do.
  const expected = answer
    .filter(({ command }) => command !== null)
    .map((result) => {
      const rows = result.rows.slice(0, MAX_ROWS).map((row) => row.map(asJson));
      const shown = statement.binary === true ? [TEXTS[text]?.map(asJson)] : rows;
      return {
        summary: expect.stringMatching(new RegExp(`^${result.command}`)),
        ...(result.columns.length === 0
          ? {}
          : { columns: result.columns.map(({ name }) => expect.objectContaining({ name })), rows: shown }),
        rowCount: result.rows.length,
        ...(result.rows.length > MAX_ROWS ? { rowsTruncated: true } : {}),
        ...(/^(INSERT|UPDATE|DELETE)$/.test(result.command ?? '') ? { affectedRows: result.rowCount } : {}),
      };
    });
  expect(flow?.response).toEqual({ kind: 'sql', results: expected });
}

/** What psql is given, and each statement's operation. */
const SCRIPT = `CREATE TABLE t (n int, word text);
COPY t FROM STDIN;
1\tone
2\t\\N
\\.
SELECT n, word FROM t ORDER BY n;
COPY t TO STDOUT;
SELECT 1/0;
ALTER ROLE postgres PASSWORD '${PASSWORD}';
`;

function expectScript(flows: readonly Flow[], stdout: string): void {
  expect(flows.map((flow) => [requestOf(flow)?.operation, requestOf(flow)?.sql?.split(' ', 2).join(' ')])).toEqual([
    ['connect', undefined],
    ['query', 'CREATE TABLE'],
    ['copy-in', 'COPY t'],
    ['query', 'SELECT n,'],
    ['copy-out', 'COPY t'],
    ['query', 'SELECT 1/0;'],
    ['query', 'ALTER ROLE'],
  ]);
  const responses = flows.map((flow) => flow.response);
  expect(responses[2]).toEqual({
    kind: 'sql',
    // Older versions of psql end the data with a line of their own.
    results: [{ rowCount: 2, affectedRows: 2, summary: 'COPY 2', copiedBytes: expect.toBeOneOf([11, 14]) }],
  });
  expect(stdout).toBe('1|one\n2|\n1\tone\n2\t\\N\n');
  expect(responses[3]).toMatchObject({
    results: [
      {
        rows: [
          ['1', 'one'],
          ['2', null],
        ],
        rowCount: 2,
      },
    ],
  });
  expect(responses[4]).toMatchObject({ results: [{ rowCount: 2, copiedBytes: 11 }] });
  expect(responses[5]).toMatchObject({ results: [], error: { code: '22012', message: 'division by zero' } });
  expect(requestOf(flows[6] as Flow)?.sql).toMatch(/^ALTER ROLE postgres PASSWORD '\[redacted:[0-9a-f]{8}\]';$/);
  expect(JSON.stringify(flows)).not.toContain(PASSWORD);
}

function expectEach(flows: readonly Flow[], role: 'client' | 'server', isTls: boolean): void {
  for (const flow of flows) {
    expect(flow).toMatchObject({ protocol: 'postgresql', scheme: 'postgresql', role, tls: isTls, complete: true });
  }
}

describeLive('PostgreSQL', ['openssl', ...postgresNeeds], () => {
  describe.each([
    ['plain', false],
    ['tls', true],
  ] as const)('%s', (mode, isTls) => {
    const psqlOptions = (port: number) => ['-XqAt', connectionString(port, isTls)];
    const withPassword = { env: { ...cleanEnvironment, PGPASSWORD: PASSWORD } };

    test('psql as client', async () => {
      const { port } = await startServer();
      const capture = await startRun(scene, [psql, ...psqlOptions(port)], [], { ...withPassword, input: SCRIPT });
      const { flows, stdout } = await capture.end();
      expectEach(flows, 'client', isTls);
      expectScript(flows, stdout);
    });

    test('pg of Node.js as client', async () => {
      const { port } = await startServer();
      const command = [process.execPath, nodeClient, String(port), mode, PASSWORD];
      const capture = await startRun(scene, command);
      expect(await capture.program.line(0)).toBe('connected');
      const answers = await executeAll(capture.program, 1, STATEMENTS);
      capture.program.closeInput();
      const [login, ...flows] = (await capture.end()).flows;
      expect(login).toMatchObject({ request: { operation: 'connect', user: 'postgres', database: 'postgres' } });
      expect(flows.length).toBe(STATEMENTS.length);
      expectEach(flows, 'client', isTls);
      for (const [i, statement] of STATEMENTS.entries()) expectStatement(flows[i], statement, answers[i] as Answer);
    });

    test('values in binary are the text that the server writes', async () => {
      const { port } = await startServer();
      const capture = await startRun(scene, [process.execPath, nodeClient, String(port), mode, PASSWORD]);
      expect(await capture.program.line(0)).toBe('connected');
      await executeAll(capture.program, 1, MANY);
      capture.program.closeInput();
      const { flows } = await capture.end();
      for (const flow of flows.slice(1)) {
        const { results } = flow.response as unknown as { results: readonly { rows: readonly (readonly Value[])[] }[] };
        expect(results[0]?.rows).toHaveLength(500);
        expect(results[0]?.rows.filter(([value, text]) => value !== text)).toEqual([]);
      }
      expect(flows).toHaveLength(1 + MANY.length);
    });

    test('the server with both, one of them connected before the capture', async () => {
      const { server, port } = await startServer();
      const early = await scene.start(process.execPath, [nodeClient, String(port), mode, PASSWORD]);
      expect(await early.line(0)).toBe('connected');
      const prepared = { name: 'early', text: 'SELECT $1::int + 1 AS next', values: [1] };
      await executeAll(early, 1, [prepared]);

      const capture = await attach(scene, ['--pid', server.pid]);
      const { stdout } = await scene.run(psql, psqlOptions(port), { ...withPassword, input: SCRIPT });
      await capture.flowCount(7);
      const client = await scene.start(process.execPath, [nodeClient, String(port), mode, PASSWORD]);
      expect(await client.line(0)).toBe('connected');
      const answers = await executeAll(client, 1, STATEMENTS);
      await capture.flowCount(7 + 1 + STATEMENTS.length);
      const [late] = await executeAll(early, 2, [{ ...prepared, values: [41] }]);
      expect(late).toMatchObject([{ rows: [['42']] }]);
      await capture.flowCount(7 + 1 + STATEMENTS.length + 1);
      const { flows } = await capture.stop();

      expectEach(flows, 'server', isTls);
      expectScript(flows.slice(0, 7), stdout);
      for (const [i, statement] of STATEMENTS.entries()) expectStatement(flows[8 + i], statement, answers[i] as Answer);
      const last = flows.at(-1);
      expect(last).toMatchObject({
        joined: 'late',
        request: { operation: 'execute', statement: 'early', parameters: ['41'] },
        response: { results: [{ rows: [['42']], rowCount: 1 }] },
      });
      expect(requestOf(last as Flow)?.sql).toBeUndefined();
    });
  });
});
