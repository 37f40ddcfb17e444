// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import type { Certificate } from '../../support/certificate.js';
import type { Flow } from '../../support/flow.js';
import { attach } from '../../support/flowtap.js';
import { freePort } from '../../support/free-port.js';
import { connectionString, launchPostgres, postgresNeeds, psql, startPostgres } from '../../support/postgres.js';
import type { Program } from '../../support/program.js';
import type { Scene } from '../../support/scene.js';
import { Result } from '../judge.js';
import { launchHeld, startHeld } from '../launch.js';
import type { MeasuredSubject, Order, Scheme } from '../subject.js';

let queries = 0;

/** Asks, and resolves with the statement that was asked with. */
async function query(client: Program, line: number): Promise<string> {
  queries += 1;
  const sql = `SELECT 'this text is in query ${queries}' AS said;`;
  client.write(`${sql}\n`);
  expect(await client.line(line)).toBe(`this text is in query ${queries}`);
  return sql;
}

/** The login where the capture saw it, and the statement, as psql showed its result. */
function expectFlows(flows: readonly Flow[], role: 'client' | 'server', isTls: boolean, order: Order, sql: string) {
  const [statement, ...logins] = flows.filter(({ tls }) => tls === isTls).reverse();
  const common = { protocol: 'postgresql', scheme: 'postgresql', role, complete: true };
  expect(statement).toMatchObject({
    ...common,
    request: { operation: 'query', sql },
    response: {
      results: [
        { columns: [{ name: 'said', type: 'text' }], rows: [[sql.split("'")[1]]], rowCount: 1, summary: 'SELECT 1' },
      ],
    },
  });
  expect(statement?.joined).toBe(order === 'before' ? 'late' : undefined);
  const login = { ...common, request: { operation: 'connect', user: 'postgres', database: 'postgres' } };
  expect(logins).toMatchObject(order === 'before' ? [] : [login]);
}

async function measure(role: 'client' | 'server', order: Order, scene: Scene, certificate: Certificate) {
  const port = await freePort();
  const server = await launchPostgres(scene, { certificate, port });
  const launch = (isTls: boolean) => launchHeld(scene, psql, ['-XqAt', connectionString(port, isTls)]);
  const clients = { http: await launch(false), https: await launch(true) };
  const schemes: readonly Scheme[] = ['http', 'https'];
  const needsStart = role === 'client' || order === 'before';
  if (needsStart) await startPostgres(server);
  if (order === 'before') {
    for (const scheme of schemes) {
      startHeld(clients[scheme]);
      await query(clients[scheme], 0);
    }
  }
  const pids = role === 'server' ? [server.pid] : schemes.map((scheme) => clients[scheme].pid);
  const capture = await attach(
    scene,
    pids.flatMap((pid) => ['--pid', pid]),
  );
  if (order === 'after') {
    if (!needsStart) await startPostgres(server);
    for (const scheme of schemes) startHeld(clients[scheme]);
  }
  const asked = new Map<Scheme, string>();
  for (const scheme of schemes) asked.set(scheme, await query(clients[scheme], order === 'before' ? 1 : 0));
  for (const scheme of schemes) {
    clients[scheme].closeInput();
    await clients[scheme].ended;
  }
  // With its only targets gone a capture ends by itself.
  const { flows, stats } = await (role === 'client' ? capture.end() : capture.stop());
  expect(stats).toMatchObject({ opaqueConnections: 0, droppedEvents: 0, droppedBytes: 0 });
  for (const scheme of schemes) {
    expectFlows(flows, role, scheme === 'https', order, asked.get(scheme) ?? '');
  }
  return new Map(schemes.map((scheme) => [scheme, Result.complete]));
}

const description = { library: 'libssl', needs: postgresNeeds };

export const postgresqlSubjects: readonly MeasuredSubject[] = [
  {
    ...{ program: 'PostgreSQL psql', role: 'client', ...description },
    measure: (order, scene, certificate) => measure('client', order, scene, certificate),
  },
  {
    ...{ program: 'PostgreSQL server', role: 'server', ...description },
    measure: (order, scene, certificate) => measure('server', order, scene, certificate),
  },
];
