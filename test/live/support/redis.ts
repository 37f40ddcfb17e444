// SPDX-License-Identifier: Apache-2.0
import type { Certificate } from './certificate.js';
import { freePort } from './free-port.js';
import type { Program } from './program.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

export type RedisTransport = 'plain' | 'tls' | 'unix';

export interface RedisOptions {
  readonly certificate?: Certificate;
  readonly password?: string;
}

/** redis-server that keeps nothing, on TCP, on a Unix socket and, with a certificate, on TLS. */
export class RedisServer {
  readonly #program: Program;
  readonly #scene: Scene;
  readonly #port: number;
  readonly #tlsPort: number;
  readonly #path: string;
  readonly #options: RedisOptions;

  private constructor(program: Program, scene: Scene, ports: readonly [number, number], options: RedisOptions) {
    this.#program = program;
    this.#scene = scene;
    [this.#port, this.#tlsPort] = ports;
    this.#path = scene.path('redis.sock');
    this.#options = options;
  }

  static async start(scene: Scene, options: RedisOptions = {}): Promise<RedisServer> {
    const ports = [await freePort(), await freePort()] as const;
    const { certificate, password } = options;
    const tls =
      certificate === undefined
        ? []
        : ['--tls-port', String(ports[1]), '--tls-cert-file', certificate.file, '--tls-key-file', certificate.key];
    const program = await scene.start('redis-server', [
      ...['--port', String(ports[0]), '--bind', '127.0.0.1', '--unixsocket', scene.path('redis.sock')],
      ...['--save', '', '--appendonly', 'no', '--dir', scene.directory],
      ...tls,
      ...(certificate === undefined ? [] : ['--tls-ca-cert-file', certificate.file, '--tls-auth-clients', 'no']),
      ...(password === undefined ? [] : ['--requirepass', password]),
    ]);
    const server = new RedisServer(program, scene, ports, options);
    await until('redis-server answers', async () => (await server.cli('plain', ['ping'])).stdout !== '');
    return server;
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** Options with which redis-cli gets here. */
  cliOptions(transport: RedisTransport): readonly string[] {
    switch (transport) {
      case 'plain':
        return ['-p', String(this.#port)];
      case 'tls':
        return ['-p', String(this.#tlsPort), '--tls', '--cacert', this.#options.certificate?.file ?? ''];
      case 'unix':
        return ['-s', this.#path];
    }
  }

  /** What a program needs to get here: a URL, or the path of the socket. */
  url(transport: RedisTransport): string {
    if (transport === 'unix') return this.#path;
    return transport === 'tls' ? `rediss://127.0.0.1:${this.#tlsPort}` : `redis://127.0.0.1:${this.#port}`;
  }

  /** Runs redis-cli to its end. */
  cli(transport: RedisTransport, args: readonly string[], input = '') {
    return this.#scene.run('redis-cli', [...this.cliOptions(transport), ...args], { input });
  }
}
