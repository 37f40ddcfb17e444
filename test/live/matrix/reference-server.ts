// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificate } from '../support/certificate.js';
import { until } from '../support/until.js';
import type { Exchange, Wanted } from './exchange.js';
import type { Scheme } from './subject.js';

const BACKLOG = 512;

/**
 * The other end for clients, in the test's own process: it is the server's own log that flows are compared with.
 *
 * The parameter `status` sets the status, `size` the length of the answer. `hold=1` keeps the answer back until
 * `release()`. It is a CONNECT proxy too, one whose every destination is this server itself.
 */
export class ReferenceServer {
  readonly scheme: Scheme;
  readonly exchanges: Exchange[] = [];
  /** Port of the client's end of each CONNECT. */
  readonly tunnels: { readonly target: string; readonly clientPort: number }[] = [];
  readonly #server: Server;
  readonly #held: (() => void)[] = [];
  #holding = false;
  #proxy: Server | undefined;

  private constructor(scheme: Scheme, certificate: Certificate) {
    this.scheme = scheme;
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response);
    const options = { cert: readFileSync(certificate.file), key: readFileSync(certificate.key) };
    this.#server = scheme === 'http' ? createServer(handle) : createTlsServer(options, handle);
    this.#server.keepAliveTimeout = 120_000;
  }

  static async start(scheme: Scheme, certificate: Certificate): Promise<ReferenceServer> {
    const server = new ReferenceServer(scheme, certificate);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', BACKLOG, resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(target: string): string {
    return `${this.scheme}://127.0.0.1:${this.port}${target}`;
  }

  /** For clients that keep a connection for each origin: a fresh connection is one to another name of this server. */
  urlOf({ target, fresh }: Pick<Wanted, 'target' | 'fresh'>): string {
    return fresh ? this.url(target).replace('127.0.0.1', 'localhost') : this.url(target);
  }

  /** From now on requests with `hold=1` wait. */
  hold(): void {
    this.#holding = true;
  }

  async untilHolding(): Promise<void> {
    await until('the reference server keeps an answer back', () => this.#held.length > 0);
  }

  release(): void {
    this.#holding = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  /** The exchange with this target, once the server has answered it. */
  exchange(target: string): Promise<Exchange> {
    return until(`the reference server has served ${target}`, () =>
      this.exchanges.find((exchange) => exchange.target === target),
    );
  }

  /** Listens on one more port, as a proxy: CONNECT there leads to this server, and so does any other request. */
  async startProxy(): Promise<number> {
    const proxy = createServer((request, response) => void this.#handle(request, response));
    proxy.on('connect', ({ url: target = '' }, socket: Socket, head: Buffer) => {
      this.tunnels.push({ target, clientPort: socket.remotePort ?? 0 });
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) socket.unshift(head);
      this.#server.emit('connection', socket);
    });
    this.#proxy = proxy;
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', BACKLOG, resolve));
    return (proxy.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const server of [this.#server, this.#proxy]) {
      server?.closeAllConnections();
      await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url: target = '', socket } = request;
    const clientPort = socket.remotePort ?? 0;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { searchParams } = new URL(target, 'http://x');
    if (this.#holding && searchParams.has('hold')) {
      await new Promise<void>((resolve) => this.#held.push(resolve));
    }
    const status = Number(searchParams.get('status') ?? 200);
    const text = `target=${target} bytes=${body.length}\n`.padEnd(Number(searchParams.get('size') ?? 0), '.');
    response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': text.length });
    response.end(text);
    this.exchanges.push({ method: method as Exchange['method'], target, body, fresh: false, status, text, clientPort });
  }
}
