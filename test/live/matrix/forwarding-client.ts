// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import type { Flow } from '../support/flow.js';
import type { Scene } from '../support/scene.js';
import type { Reply, Wanted } from './exchange.js';
import { untilListening } from './printing-server.js';
import type { RunningClient } from './subject.js';

/** A reverse proxy as a client: it makes those requests that it gets. It decides itself which connection to use. */
export class ForwardingClient implements RunningClient {
  readonly #port: number;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(port: number) {
    this.#port = port;
  }

  /** Resolves when it listens, with plain HTTP in front. */
  static async to(port: number, scene: Scene): Promise<ForwardingClient> {
    await untilListening(port);
    const client = new ForwardingClient(port);
    scene.onClose(() => client.#agent.destroy());
    return client;
  }

  async request({ method, target, body }: Wanted): Promise<Reply> {
    const headers = body === '' ? {} : { 'Content-Type': 'text/plain', 'Content-Length': body.length };
    const options = { host: '127.0.0.1', port: this.#port, method, path: target, headers, agent: this.#agent };
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http.request(options, resolve).once('error', reject).end(body);
    });
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return { status: response.statusCode ?? 0, text };
  }

  /** What it serves in front. */
  isOther(flow: Flow): boolean {
    return flow.role === 'server' && flow.destination?.port === this.#port && flow.complete === true;
  }
}
