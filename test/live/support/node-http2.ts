// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import type { Certificate } from './certificate.js';
import type { Program } from './program.js';
import type { Scene } from './scene.js';

/** What the client said about one request. */
export interface Answered {
  readonly method: string;
  readonly path: string;
  /** Those that it sent, without pseudo-header fields. */
  readonly headers: Readonly<Record<string, string>>;
  readonly sent: number;
  readonly status: number;
  readonly body: string;
}

function script(name: string): string {
  return fileURLToPath(new URL(`./node/${name}.mjs`, import.meta.url));
}

/** Node's own HTTP/2 server and, on one connection, its client. */
export class NodeHttp2 {
  readonly server: Program;
  readonly client: Program;
  readonly authority: string;
  #asked = 0;

  private constructor(server: Program, client: Program, authority: string) {
    this.server = server;
    this.client = client;
    this.authority = authority;
  }

  static async start(scene: Scene, certificate?: Certificate): Promise<NodeHttp2> {
    const files = certificate === undefined ? [] : [certificate.file, certificate.key];
    const server = await scene.start(process.execPath, [script('http2-server'), ...files]);
    const authority = `localhost:${await server.line(0)}`;
    const scheme = certificate === undefined ? 'http' : 'https';
    const client = await scene.start(process.execPath, [script('http2-client'), `${scheme}://${authority}`]);
    return new NodeHttp2(server, client, authority);
  }

  async ask(request: string): Promise<Answered> {
    this.client.write(`${request}\n`);
    const answer = await this.client.line(this.#asked);
    this.#asked += 1;
    return JSON.parse(answer) as Answered;
  }
}
