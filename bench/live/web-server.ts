// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, findCommand, runCommand } from './child.js';
import { freePort } from './free-port.js';
import { getText } from './get-text.js';
import type { LoadedServer } from './loaded-server.js';
import { copyLibssl } from './private-libssl.js';
import { childrenOf } from './process-usage.js';

const BODY_BYTES = 1024;
const TIMEOUT_MS = 10_000;

/** nginx with one worker and a 1 KB file, with a directory of its own. */
export interface WebServer extends LoadedServer {
  readonly httpPort: number;
  readonly certificate: { readonly file: string; readonly key: string };
  stop(): Promise<void>;
}

export async function startWebServer(directory: string): Promise<WebServer> {
  const nginx = await findCommand('nginx');
  const libsslPath = await copyLibssl(nginx, join(directory, 'lib'));
  await makeCertificate(directory);
  writeFileSync(join(directory, 'file.txt'), 'Flowtap reads along. '.repeat(100).slice(0, BODY_BYTES));
  const [http, https, status] = [await freePort(), await freePort(), await freePort()];
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(configuration, configurationOf({ directory, http, https, status }));

  const child = new Child(nginx, ['-p', directory, '-c', configuration, '-e', join(directory, 'error.log')], {
    env: { ...process.env, LD_LIBRARY_PATH: join(directory, 'lib') },
  });
  await child.until('its worker was there', TIMEOUT_MS, async () => {
    return childrenOf(child.pid).length === 1 && (await getText(status, TIMEOUT_MS).catch(() => '')) !== '';
  });
  const workerPid = childrenOf(child.pid)[0] ?? 0;
  if (!readFileSync(`/proc/${workerPid}/maps`, 'utf8').includes(libsslPath)) {
    throw new Error(`nginx does not use its own copy ${libsslPath} of libssl.`);
  }
  return {
    workerPid,
    tlsFile: libsslPath,
    certificate: { file: join(directory, 'certificate.pem'), key: join(directory, 'key.pem') },
    httpPort: http,
    url: (scheme) => `${scheme}://127.0.0.1:${scheme === 'http' ? http : https}/file.txt`,
    requests: async () => requestsOf(await getText(status, TIMEOUT_MS)),
    stop: () => child.stop('SIGTERM', TIMEOUT_MS),
  };
}

interface Setup {
  readonly directory: string;
  readonly http: number;
  readonly https: number;
  readonly status: number;
}

function configurationOf({ directory, http, https, status }: Setup): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
user root;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 512; }
http {
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n  ')}
  access_log off;
  sendfile off;
  default_type text/plain;
  keepalive_requests 1000000000;
  keepalive_timeout 60s;
  root ${directory};
  server { listen 127.0.0.1:${http}; }
  server {
    listen 127.0.0.1:${https} ssl;
    ssl_certificate ${directory}/certificate.pem;
    ssl_certificate_key ${directory}/key.pem;
  }
  server {
    listen 127.0.0.1:${status};
    location / { stub_status; }
  }
}
`;
}

async function makeCertificate(directory: string): Promise<void> {
  const files = ['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'certificate.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await runCommand('openssl', ['req', '-x509', ...kind, '-subj', '/CN=localhost', ...files], TIMEOUT_MS);
}

/** "server accepts handled requests\n 3 3 7": the last number (ngx_http_stub_status_module). */
function requestsOf(page: string): number {
  const numbers = /requests\s+\d+\s+\d+\s+(\d+)/.exec(page);
  if (numbers === null) throw new Error(`nginx's status page is not as expected: ${page}`);
  return Number(numbers[1]);
}
