// SPDX-License-Identifier: Apache-2.0
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Exchange, Wanted } from './exchange.js';
import type { Scheme } from './subject.js';

const TIMEOUT_MS = 30_000;

/**
 * The other end for servers, in the test's own process. Each answer is checked to tell, in `X-Client-Port`, that port
 * which the client itself has: so both ends agree on what a flow is compared with.
 */
export class ReferenceClient {
  readonly exchanges: Exchange[] = [];
  readonly #scheme: Scheme;
  readonly #port: number;
  readonly #agent: http.Agent;

  /** @param connections how many it opens at most. */
  constructor(scheme: Scheme, port: number, connections = 1) {
    this.#scheme = scheme;
    this.#port = port;
    const options = { keepAlive: true, maxSockets: connections, rejectUnauthorized: false };
    this.#agent = scheme === 'http' ? new http.Agent(options) : new https.Agent(options);
  }

  async request(wanted: Wanted): Promise<Exchange> {
    const { method, target: path, body, fresh } = wanted;
    const options: RequestOptions & { readonly rejectUnauthorized: boolean } = {
      host: '127.0.0.1',
      port: this.#port,
      method,
      path,
      headers: body === '' ? {} : { 'Content-Type': 'text/plain', 'Content-Length': body.length },
      agent: fresh ? false : this.#agent,
      timeout: TIMEOUT_MS,
      rejectUnauthorized: false,
    };
    const request = this.#scheme === 'http' ? http.request(options) : https.request(options);
    request.end(body);
    const response = await responseTo(request);
    const clientPort = response.socket.localPort ?? 0;
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    const seen = response.headers['x-client-port'];
    if (seen !== String(clientPort)) throw new Error(`${path} came from port ${clientPort}, the server says ${seen}`);
    const exchange = { ...wanted, status: response.statusCode ?? 0, text, clientPort };
    this.exchanges.push(exchange);
    return exchange;
  }

  close(): void {
    this.#agent.destroy();
  }
}

function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error(`no answer to ${request.path} in time`)));
  });
}
