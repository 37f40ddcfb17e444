// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchHeld, startHeld } from '../matrix/launch.js';
import type { Certificate } from './certificate.js';
import type { Program } from './program.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

const versions = '/usr/lib/postgresql';

/** Debian puts the server's commands there, by version. */
function serverCommand(name: string): string {
  const version = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0] : undefined;
  return join(versions, version ?? '', 'bin', name);
}

export const psql = '/usr/bin/psql';

/** What tests of a server and of psql need. */
export const postgresNeeds: readonly string[] = [psql, serverCommand('initdb'), serverCommand('postgres')];

export interface PostgresOptions {
  readonly certificate: Certificate;
  readonly port: number;
  /** Of the user `postgres`, for SCRAM. @default nobody is asked for one */
  readonly password?: string;
}

/** A PostgreSQL server with TLS and a directory of its own, which starts when it is told to; it refuses to run as root. */
export async function launchPostgres(scene: Scene, options: PostgresOptions): Promise<Program> {
  const { certificate, port, password } = options;
  const user = { uid: idOf('-u'), gid: idOf('-g') };
  const directory = scene.path('postgres');
  const give = (path: string) => {
    chownSync(path, user.uid, user.gid);
    chmodSync(path, 0o600);
    return path;
  };
  mkdirSync(directory);
  chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const initOptions = ['-D', data, '--no-sync', '--username=postgres', '--encoding=UTF8', '--locale=C.UTF-8'];
  if (password === undefined) {
    initOptions.push('--auth=trust');
  } else {
    const file = join(directory, 'password');
    writeFileSync(file, password);
    initOptions.push('--auth=scram-sha-256', `--pwfile=${give(file)}`);
  }
  const made = await scene.run(serverCommand('initdb'), initOptions, { ...user, cwd: directory });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  for (const [name, path] of [
    ['server.crt', certificate.file],
    ['server.key', certificate.key],
  ] as const) {
    copyFileSync(path, join(data, name));
    give(join(data, name));
  }
  const settings = [
    'ssl=on',
    'fsync=off',
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'autovacuum=off',
    'timezone=UTC',
  ];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((each) => ['-c', each])];
  return launchHeld(scene, serverCommand('postgres'), args, { ...user, cwd: directory });
}

/** Tells it to start; resolves when it takes connections, which is later than it listens. */
export async function startPostgres(server: Program): Promise<void> {
  startHeld(server);
  await until('the server takes connections', () => {
    if (!server.isRunning) throw new Error(`PostgreSQL ended early: ${server.stderr}`);
    return server.stderr.includes('ready to accept connections');
  });
}

/** Of psql and others that libpq serves. */
export function connectionString(port: number, isTls: boolean): string {
  const mode = isTls ? 'require' : 'disable';
  return `host=127.0.0.1 port=${port} user=postgres dbname=postgres sslmode=${mode} gssencmode=disable`;
}

function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
}
