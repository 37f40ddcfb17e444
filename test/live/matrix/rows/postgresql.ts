// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Certificate } from '../../support/certificate.js';
import { readEventLog } from '../../support/events.js';
import { attach } from '../../support/flowtap.js';
import { freePort } from '../../support/free-port.js';
import type { Program } from '../../support/program.js';
import type { Scene } from '../../support/scene.js';
import { launchHeld, startHeld } from '../launch.js';
import { untilListening } from '../printing-server.js';
import type { MeasuredSubject, Order, Scheme } from '../subject.js';

const versions = '/usr/lib/postgresql';
const MARKER = 'this text is in the query';

/** Debian puts the server's commands there, by version. */
function serverCommand(name: string): string {
  const version = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0] : undefined;
  return join(versions, version ?? '', 'bin', name);
}

function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
}

/** A PostgreSQL server with TLS and a directory of its own; it refuses to run as root. */
async function launchPostgres(scene: Scene, certificate: Certificate, port: number): Promise<Program> {
  const user = { uid: idOf('-u'), gid: idOf('-g') };
  const directory = scene.path('postgres');
  mkdirSync(directory);
  chownSync(directory, user.uid, user.gid);
  const options = ['-D', join(directory, 'data'), '--auth=trust', '--no-sync', '--username=postgres'];
  const made = await scene.run(serverCommand('initdb'), options, { ...user, cwd: directory });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  for (const [name, path] of [
    ['server.crt', certificate.file],
    ['server.key', certificate.key],
  ] as const) {
    const copy = join(directory, 'data', name);
    copyFileSync(path, copy);
    chownSync(copy, user.uid, user.gid);
    chmodSync(copy, 0o600);
  }
  const settings = ['ssl=on', 'fsync=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const args = ['-D', join(directory, 'data'), '-p', String(port), ...settings.flatMap((each) => ['-c', each])];
  return launchHeld(scene, serverCommand('postgres'), args, { ...user, cwd: directory });
}

function launchPsql(scene: Scene, scheme: Scheme, port: number): Promise<Program> {
  const mode = scheme === 'https' ? 'require' : 'disable';
  const connection = `host=127.0.0.1 port=${port} user=postgres sslmode=${mode} gssencmode=disable`;
  return launchHeld(scene, '/usr/bin/psql', ['-XqAt', connection]);
}

let queries = 0;

async function query(psql: Program, line: number): Promise<void> {
  queries += 1;
  psql.write(`SELECT '${MARKER} ${queries}';\n`);
  expect(await psql.line(line)).toBe(`${MARKER} ${queries}`);
}

/** A protocol that is not known: its connections are counted and shown as nothing else. */
async function measure(role: 'client' | 'server', order: Order, scene: Scene, certificate: Certificate) {
  const results = new Map<Scheme, string>();
  const port = await freePort();
  const server = await launchPostgres(scene, certificate, port);
  const clients = {
    http: await launchPsql(scene, 'http', port),
    https: await launchPsql(scene, 'https', port),
  };
  const schemes = ['http', 'https'] as const;
  const start = async () => {
    startHeld(server);
    await untilListening(port);
    for (const scheme of schemes) startHeld(clients[scheme]);
  };
  const needsStart = role === 'client' || order === 'before';
  if (needsStart) {
    startHeld(server);
    await untilListening(port);
  }
  if (order === 'before') {
    for (const scheme of schemes) {
      startHeld(clients[scheme]);
      await query(clients[scheme], 0);
    }
  }
  const log = scene.path('events.log');
  const pids = role === 'server' ? [server.pid] : schemes.map((scheme) => clients[scheme].pid);
  const capture = await attach(scene, [...pids.flatMap((pid) => ['--pid', pid]), '--record', log]);
  if (order === 'after') {
    if (!needsStart) await start();
    else for (const scheme of schemes) startHeld(clients[scheme]);
  }
  for (const scheme of schemes) await query(clients[scheme], order === 'before' ? 1 : 0);
  for (const scheme of schemes) {
    clients[scheme].closeInput();
    await clients[scheme].ended;
  }
  // With its only targets gone a capture ends by itself.
  const { flows, stats } = await (role === 'client' ? capture.end() : capture.stop());
  expect(flows).toEqual([]);
  expect(stats).toMatchObject({ flows: 0, opaqueConnections: 0, droppedEvents: 0, droppedBytes: 0 });

  const all = await readEventLog(log);
  // Without the program's own input and output.
  const connections = all.filter(({ localPort, remotePort }) => localPort === port || remotePort === port);
  const direction = role === 'client' ? 'egress' : 'ingress';
  const holds = (layer: 'raw' | 'tls') =>
    connections.filter((each) => each.stream(layer, direction).bytes.includes(MARKER)).length;
  expect({ raw: holds('raw'), tls: holds('tls') }, 'connections with the query in them').toEqual({ raw: 1, tls: 1 });
  results.set('http', 'not HTTP, no flow');
  results.set('https', 'read, not HTTP, no flow');
  return results;
}

const description = {
  library: 'libssl',
  needs: ['/usr/bin/psql', serverCommand('initdb'), serverCommand('postgres')],
};

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
