// SPDX-License-Identifier: Apache-2.0
import { type ParserRun, startRelay, testProtocol } from '@flowtap/core/testing';
import { type MysqlRequest, type MysqlResponse, mysql } from '@flowtap/protocols-mysql';
import { type Connection, createConnection } from 'mariadb';
import { expect, test, vi } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { mariadbNeeds, startMariadb } from './support/mariadb.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

vi.setConfig({ testTimeout: 120_000 });

const scene = useScene();
const certificate = useCertificate();

/** What MariaDB's own driver asks that others do not: many commands before the first answer, and rows in bulk. */
async function talk(connection: Connection): Promise<void> {
  await connection.query('CREATE TABLE b (id INT, name VARCHAR(9), at INET6)');
  const rows = [
    [1, 'one'],
    [2, null],
  ];
  await connection.batch('INSERT INTO b (id, name) VALUES (?, ?)', rows);
  await Promise.all([
    connection.execute('SELECT ? AS x', ['y']),
    connection.query('SELECT 2'),
    connection.query('SELECT * FROM b'),
  ]);
  await connection.end();
}

function expectAll(run: ParserRun): void {
  const found = run.exchanges.map(({ complete, request, response }) => {
    const { operation, sql, parameters, parameterRows } = request as MysqlRequest;
    const { results } = response as MysqlResponse;
    return { complete, operation, sql, asked: parameters ?? parameterRows, rows: results[0]?.rows };
  });
  expect(found.filter(({ sql }) => sql === undefined || !sql.startsWith('SET'))).toMatchObject([
    { complete: true, operation: 'connect' },
    { complete: true, operation: 'query', sql: 'CREATE TABLE b (id INT, name VARCHAR(9), at INET6)' },
    { complete: true, operation: 'prepare', sql: 'INSERT INTO b (id, name) VALUES (?, ?)' },
    {
      ...{ complete: true, operation: 'bulk-execute', sql: 'INSERT INTO b (id, name) VALUES (?, ?)' },
      asked: [
        ['1', 'one'],
        ['2', null],
      ],
    },
    { complete: true, operation: 'prepare', sql: 'SELECT ? AS x' },
    { complete: true, operation: 'execute', sql: 'SELECT ? AS x', asked: ['y'], rows: [['y']] },
    { complete: true, operation: 'query', sql: 'SELECT 2', rows: [['2']] },
    {
      ...{ complete: true, operation: 'query', sql: 'SELECT * FROM b' },
      rows: [
        ['1', 'one', null],
        ['2', null, null],
      ],
    },
    { complete: true, operation: 'quit' },
  ]);
  expect(run.counts).toEqual({});
  const last = (run.exchanges.at(-2)?.response as MysqlResponse | undefined)?.results[0]?.columns;
  expect(last?.map(({ type }) => type)).toEqual(['INT', 'VARCHAR', 'INET6']);
}

describeLive('what passes between MariaDB and its own driver', mariadbNeeds, () => {
  test.each([false, true])('is understood however it is cut; compressed: %s', async (compress) => {
    const { port, user, password } = await startMariadb(scene, certificate);
    const relay = await startRelay(port);
    const place = { host: '127.0.0.1', port: relay.port, user, password, database: 'shop' };
    await talk(await createConnection({ ...place, compress, pipelining: true }));
    await until('the client has said that it goes', () => relay.connections[0]?.at(-1)?.direction === 'egress');
    await relay.close();
    const [messages = []] = relay.connections;
    expect(JSON.stringify(messages.map(({ bytes }) => bytes.toString('latin1')))).not.toContain(password);
    testProtocol(mysql(), [{ name: 'mariadb', messages, verify: expectAll }]);
  });
});
