// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import type { Certificate } from './certificate.js';
import { readJsonLines } from './flow.js';
import type { Program } from './program.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

/** The system's Python: it loads the system's libssl. Another one in PATH may not. */
export const python = '/usr/bin/python3';

export function pythonScript(name: string): string {
  return fileURLToPath(new URL(`./python/${name}.py`, import.meta.url));
}

/** What the server itself wrote about a request. Positions count the connection's bytes as HTTP, without TLS. */
export interface ServedRequest {
  readonly event: 'request';
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly client: readonly [address: string, port: number] | null;
  readonly pid: number;
  readonly received: readonly [start: number, end: number];
  readonly sent: readonly [start: number, end: number];
}

interface ServedConnection {
  readonly event: 'close';
  readonly client: readonly [address: string, port: number] | null;
  readonly received: number;
  readonly sent: number;
}

export interface ServerOptions {
  readonly certificate?: Certificate;
  readonly host?: string;
  /** AF_UNIX path instead of host and port. */
  readonly unix?: string;
  readonly mode?: 'threads' | 'fork' | 'prefork';
}

let logs = 0;

/** Python's http.server, answering HTTP/1.1 with keep-alive; see python/server.py for its paths. */
export class PythonServer {
  readonly program: Program;
  readonly port: number;
  readonly #log: string;
  readonly #options: ServerOptions;

  private constructor(program: Program, port: number, log: string, options: ServerOptions) {
    this.program = program;
    this.port = port;
    this.#log = log;
    this.#options = options;
  }

  static async start(scene: Scene, options: ServerOptions = {}): Promise<PythonServer> {
    logs += 1;
    const log = scene.path(`server-${logs}.log`);
    const { certificate, host, unix, mode } = options;
    const program = await scene.start(python, [
      pythonScript('server'),
      ...['--log', log],
      ...(certificate === undefined ? [] : ['--tls', certificate.file, certificate.key]),
      ...(host === undefined ? [] : ['--host', host]),
      ...(unix === undefined ? [] : ['--unix', unix]),
      ...(mode === undefined ? [] : ['--mode', mode]),
    ]);
    const last = mode === 'prefork' ? 1 : 0;
    const { port } = JSON.parse(await program.line(last)) as { port: number };
    return new PythonServer(program, port, log, options);
  }

  get pid(): number {
    return this.program.pid;
  }

  get address(): string {
    return this.#options.host ?? '127.0.0.1';
  }

  /** URL with the address itself: names may resolve to IPv6 first. */
  url(target: string): string {
    const host = this.address.includes(':') ? `[${this.address}]` : this.address;
    return `${this.#options.certificate === undefined ? 'http' : 'https'}://${host}:${this.port}${target}`;
  }

  requests(): readonly ServedRequest[] {
    return this.#entries().filter((entry) => entry.event === 'request');
  }

  connections(): readonly ServedConnection[] {
    return this.#entries().filter((entry) => entry.event === 'close');
  }

  /** Port of the client that made the request with this target. */
  async clientPort(target: string): Promise<number> {
    return until(`the server has logged ${target}`, () => {
      return this.requests().find((request) => request.target === target)?.client?.[1];
    });
  }

  #entries(): readonly (ServedRequest | ServedConnection)[] {
    return readJsonLines(this.#log);
  }
}
