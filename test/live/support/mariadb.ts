// SPDX-License-Identifier: Apache-2.0
import { chownSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificate.js';
import { freePort } from './free-port.js';
import type { Program } from './program.js';
import type { Scene } from './scene.js';
import { NOBODY } from './unprivileged.js';
import { until } from './until.js';

/** What tests of the server and of its own client need. */
export const mariadbNeeds: readonly string[] = ['mariadbd', 'mariadb-install-db', 'mariadb'];

export interface MariadbServer {
  readonly program: Program;
  readonly port: number;
  /** Path of its other socket. */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
}

const PASSWORD = 'a password that nobody sees';

const SMALL = ['--innodb-buffer-pool-size=8M', '--innodb-log-file-size=4M', '--innodb-flush-log-at-trx-commit=0'];

/** A MariaDB server of Debian with TLS, a user and a directory of its own; it runs as nobody. */
export async function startMariadb(scene: Scene, certificate: Certificate): Promise<MariadbServer> {
  const directory = scene.path('mariadb');
  const data = join(directory, 'data');
  mkdirSync(directory);
  chownSync(directory, NOBODY, NOBODY);
  const user = { uid: NOBODY, gid: NOBODY, cwd: directory };
  const own = ['--no-defaults', `--datadir=${data}`, ...SMALL];
  const made = await scene.run(
    'mariadb-install-db',
    [...own, '--auth-root-authentication-method=normal', '--skip-test-db'],
    user,
  );
  if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stdout}${made.stderr}`);
  const [file, key] = (['file', 'key'] as const).map((name) => {
    const copy = join(directory, `${name}.pem`);
    copyFileSync(certificate[name], copy);
    chownSync(copy, NOBODY, NOBODY);
    return copy;
  });
  const port = await freePort();
  const socket = join(directory, 'socket');
  const places = [
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${socket}`,
    `--pid-file=${join(directory, 'pid')}`,
  ];
  const options = [`--ssl-cert=${file}`, `--ssl-key=${key}`, '--skip-name-resolve', '--local-infile=1'];
  const program = await scene.start('mariadbd', [...own, ...places, ...options], user);
  const grant = `CREATE USER ann IDENTIFIED BY '${PASSWORD}'; GRANT ALL ON *.* TO ann; CREATE DATABASE shop`;
  await until('the server takes connections', () => {
    if (!program.isRunning) throw new Error(`MariaDB ended early: ${program.stderr}`);
    return program.stderr.includes('ready for connections');
  });
  const granted = await scene.run('mariadb', [
    '--no-defaults',
    `--socket=${socket}`,
    '--user=root',
    `--execute=${grant}`,
  ]);
  if (granted.status !== 0) throw new Error(`the user could not be made: ${granted.stderr}`);
  return { program, port, socket, user: 'ann', password: PASSWORD };
}

export type MariadbPlace = 'tcp' | 'tls' | 'unix';

/** Arguments of the command `mariadb` that connect it. Its password comes in the environment, as MYSQL_PWD. */
export function mariadbArguments(server: MariadbServer, place: MariadbPlace): readonly string[] {
  const address = place === 'unix' ? [`--socket=${server.socket}`] : ['--host=127.0.0.1', `--port=${server.port}`];
  const tls = place === 'tls' ? ['--ssl', '--skip-ssl-verify-server-cert'] : ['--skip-ssl'];
  return ['--no-defaults', ...address, ...tls, `--user=${server.user}`];
}
