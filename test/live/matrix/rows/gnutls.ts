// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '../../support/flow.js';
import { gnutlsCliArguments, gnutlsCliConnected } from '../../support/gnutls-cli.js';
import type { Program } from '../../support/program.js';
import { until } from '../../support/until.js';
import type { Reply, Wanted } from '../exchange.js';
import type { ClientSubject, Subject } from '../subject.js';

/** One wget has one method for all its requests, so each of them carries the body. */
const wget: ClientSubject = {
  ...{ program: 'wget', role: 'client', library: 'GnuTLS', needs: ['wget'], runsAlone: true },
  prepare: async ({ server, requests, launch }) => {
    const body = requests.find(({ method }) => method === 'POST')?.body;
    const options = ['--no-config', '-q', '-4', '--no-check-certificate', '--tries=1', '-O', '/dev/null'];
    const urls = requests.map((wanted) => server.urlOf(wanted));
    const program = await launch('/usr/bin/wget', [...options, `--post-data=${body}`, ...urls]);
    return { program, ready: async () => ({ request: async () => undefined }) };
  },
};

/** It has one connection, and nothing of HTTP: it sends what it is given. */
const gnutlsCli: ClientSubject = {
  ...{ program: 'gnutls-cli', role: 'client', library: 'GnuTLS', needs: ['gnutls-cli'] },
  prepare: async ({ scheme, server, launch }) => {
    const args = gnutlsCliArguments(server.port, { plain: scheme === 'http' });
    const program = await launch('/usr/bin/gnutls-cli', args);
    return {
      program,
      ready: async () => {
        await gnutlsCliConnected(program);
        return { request: (wanted) => request(program, server.port, wanted), isOther: isInput };
      },
    };
  },
};

async function request(program: Program, port: number, { method, target, body }: Wanted): Promise<Reply> {
  const start = program.stdout.length;
  const head = [`${method} ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Content-Length: ${body.length}`];
  program.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return until(`gnutls-cli has printed the answer to ${target}`, () => replyIn(program.stdout.slice(start)));
}

function replyIn(printed: string): Reply | undefined {
  const [head = '', ...rest] = printed.split('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d+)/m.exec(head)?.[1];
  const length = Number(/^Content-Length: (\d+)/im.exec(head)?.[1] ?? Number.NaN);
  const text = rest.join('\r\n\r\n');
  return status !== undefined && text.length >= length ? { status: Number(status), text } : undefined;
}

/** Its stdin is a socket too, and what the test writes there is HTTP. */
function isInput({ tls, source, destination }: Flow): boolean {
  return !tls && source?.port === undefined && destination?.port === undefined;
}

export const gnutlsSubjects: readonly Subject[] = [wget, gnutlsCli];
