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
import {
  EXPECTED_FLOWS,
  executeAll,
  expectStatements,
  requestOf,
  resultsOf,
  STATEMENTS,
} from './support/mysql-statements.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { useScene } from './support/scene.js';

// Each test makes a server with a directory of its own.
vi.setConfig({ testTimeout: 120_000 });

const scene = useScene();
const certificate = useCertificate();
const nodeClient = fileURLToPath(new URL('./support/node/mysql-client.mjs', import.meta.url));

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
