// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificate.js';
import { readJsonLines } from './flow.js';
import { freePort } from './free-port.js';
import type { Program } from './program.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

export interface NginxOptions {
  readonly certificate?: Certificate;
  /** HTTP/2 by ALPN, beside HTTP/1.1. Needs a certificate. */
  readonly http2?: boolean;
  readonly sendfile?: boolean;
  readonly workers?: number;
  readonly host?: string;
  /** Inside the server block, beside the files at /. */
  readonly locations?: string;
  /** Files to serve, by name. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

/** A line of nginx's own access log. */
export interface NginxRequest {
  readonly connection: number;
  readonly client: string;
  readonly port: number;
  readonly target: string;
  readonly status: number;
  readonly received: number;
  readonly sent: number;
  readonly worker: number;
}

const LOG_FORMAT = [
  '{"connection":$connection,"client":"$remote_addr","port":$remote_port,"target":"$request_uri"',
  '"status":$status,"received":$request_length,"sent":$bytes_sent,"worker":$pid}',
].join(',');

/** nginx with a master, workers and a directory of its own. */
export class Nginx {
  readonly program: Program;
  readonly port: number;
  readonly #prefix: string;
  readonly #options: NginxOptions;

  private constructor(program: Program, port: number, prefix: string, options: NginxOptions) {
    this.program = program;
    this.port = port;
    this.#prefix = prefix;
    this.#options = options;
  }

  static async start(scene: Scene, options: NginxOptions = {}): Promise<Nginx> {
    const prefix = scene.path('nginx');
    const port = await freePort(options.host);
    mkdirSync(join(prefix, 'html'), { recursive: true });
    for (const [name, content] of Object.entries(options.files ?? {})) {
      writeFileSync(join(prefix, 'html', name), content);
    }
    writeFileSync(join(prefix, 'nginx.conf'), configuration(prefix, port, options));
    const program = await scene.start('nginx', ['-p', prefix, '-e', 'error.log', '-c', 'nginx.conf']);
    const nginx = new Nginx(program, port, prefix, options);
    await until('nginx answers', async () => (await scene.run('curl', ['-sk', nginx.url('/ready')])).status === 0);
    return nginx;
  }

  /** Process id of the master. */
  get pid(): number {
    return this.program.pid;
  }

  get address(): string {
    return this.#options.host ?? '127.0.0.1';
  }

  url(target: string): string {
    const host = this.address.includes(':') ? `[${this.address}]` : this.address;
    return `${this.#options.certificate === undefined ? 'http' : 'https'}://${host}:${this.port}${target}`;
  }

  requests(): readonly NginxRequest[] {
    return readJsonLines<NginxRequest>(join(this.#prefix, 'access.log')).filter(({ target }) => target !== '/ready');
  }

  /** The line about the first request with this target. */
  request(target: string): Promise<NginxRequest> {
    return until(`nginx has logged ${target}`, () => this.requests().find((request) => request.target === target));
  }
}

function configuration(prefix: string, port: number, options: NginxOptions): string {
  const { certificate, host = '127.0.0.1', http2 = false, sendfile = false, workers = 2, locations = '' } = options;
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const tls =
    certificate === undefined ? '' : `ssl_certificate ${certificate.file}; ssl_certificate_key ${certificate.key};`;
  return `
user root;
daemon off;
worker_processes ${workers};
pid ${prefix}/nginx.pid;
error_log ${prefix}/error.log;
events { worker_connections 1024; }
http {
  ${temporary.map((name) => `${name}_temp_path ${prefix}/${name};`).join(' ')}
  log_format lines escape=json '${LOG_FORMAT}';
  access_log ${prefix}/access.log lines;
  sendfile ${sendfile ? 'on' : 'off'};
  client_max_body_size 64m;
  keepalive_requests 100000;
  server {
    listen ${address} ${certificate === undefined ? '' : http2 ? 'ssl http2' : 'ssl'};
    ${tls}
    root ${prefix}/html;
    default_type text/plain;
    location = /ready { return 204; }
    location /echo { return 200 "id=$arg_id target=$request_uri\\n"; add_header X-Id $arg_id; }
    ${locations}
  }
}
`;
}
