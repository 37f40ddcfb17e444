// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions, TlsOptions } from '@flowtap/grpc-exporter';
import { type Command, Option } from 'commander';
import { UsageError } from '../usage-error.js';

/** How to talk to the servers that flows are sent to. */
export interface ServerOptions {
  readonly tls?: true;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsName?: string;
  readonly tokenFile?: string;
  readonly plaintext?: true;
}

export function addServerOptions(command: Command): void {
  command
    .optionsGroup('Servers:')
    .addOption(new Option('--tls', 'encrypt; implied by the other --tls options'))
    .addOption(new Option('--tls-ca <file>', "certificates of the authorities to trust, instead of the system's"))
    .addOption(new Option('--tls-cert <file>', 'our certificate, for a server that asks for one'))
    .addOption(new Option('--tls-key <file>', 'its key'))
    .addOption(new Option('--tls-name <name>', "name that the server's certificate must have"))
    .addOption(new Option('--token-file <file>', 'file with a token that is sent along (Authorization: Bearer)'))
    .addOption(new Option('--plaintext', 'allow unencrypted connections to other hosts'));
}

/**
 * Reads the files that the options name.
 *
 * @throws UsageError
 */
export async function readServerOptions(options: ServerOptions): Promise<Omit<ConnectionOptions, 'address'>> {
  const tls = await readTls(options);
  if (tls !== undefined && options.plaintext === true) {
    throw new UsageError('--plaintext and --tls contradict each other;', 'give one of them.');
  }
  const token = await read('--token-file', options.tokenFile);
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(token === undefined ? {} : { token: token.toString('utf8').trim() }),
    ...(options.plaintext === undefined ? {} : { plaintext: true }),
  };
}

async function readTls({ tls, tlsCa, tlsCert, tlsKey, tlsName }: ServerOptions): Promise<TlsOptions | undefined> {
  if ([tls, tlsCa, tlsCert, tlsKey, tlsName].every((value) => value === undefined)) return undefined;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError('--tls-cert and --tls-key belong together;', 'give both.');
  }
  const ca = await read('--tls-ca', tlsCa);
  const certificate = await read('--tls-cert', tlsCert);
  const key = await read('--tls-key', tlsKey);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(tlsName === undefined ? {} : { serverName: tlsName }),
  };
}

async function read(option: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${option}: '${path}' cannot be read: ${(error as Error).message}.`);
  }
}
