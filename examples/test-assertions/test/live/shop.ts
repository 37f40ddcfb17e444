// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The service that the program talks to, as far as the tests need it. */
export class Shop {
  /** How many of the next orders are refused with 503. */
  refusals = 0;
  readonly #server: Server = createServer((request, response) => {
    request.resume().on('end', () => {
      const [status, body] = this.#answer(request.url ?? '');
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(url: string): readonly [status: number, body: object] {
    if (url.startsWith('/items/'))
      return url === '/items/tea' ? [200, { stock: 12 }] : [404, { error: 'unknown item' }];
    this.refusals -= 1;
    return this.refusals < 0 ? [201, { id: 7 }] : [503, { error: 'closed' }];
  }
}
