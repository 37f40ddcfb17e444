// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import type { Certificate } from './certificate.js';
import type { Scene } from './scene.js';

export const SLOW_MS = 120;
export const LARGE_BYTES = 300_000;

interface Answer {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/plain': { headers: TEXT, body: 'plain' },
  '/gzip': {
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(JSON.stringify({ long: 'x'.repeat(5000) })),
  },
  '/binary': { headers: { 'content-type': 'image/png' }, body: Buffer.from([0x89, 0x50, 0, 0xff]) },
  '/cookies': { headers: { ...TEXT, 'set-cookie': ['a=1; Path=/; HttpOnly', 'b=2; Secure'] }, body: 'cookies' },
  '/posted': { status: 201, headers: { 'content-type': 'application/json' }, body: '{"id":1}' },
  '/uploaded': { headers: {}, body: '' },
  '/missing': { status: 404, headers: { 'content-type': 'text/html' }, body: '<p>größer</p>' },
  '/moved': { status: 302, headers: { location: '/plain' }, body: '' },
  '/slow': { headers: TEXT, body: 'slow' },
  '/large': { headers: TEXT, body: 'large '.repeat(LARGE_BYTES / 6) },
};

async function answer(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): Promise<void> {
  for await (const _ of request) {
    // Everything is read before it is answered.
  }
  const path = request.url?.split('?')[0] ?? '';
  const { status = 200, headers, body } = ANSWERS[path] ?? { headers: {}, body: '' };
  if (path === '/slow') await sleep(SLOW_MS);
  // Both kinds of responses have the method; their overloads differ.
  (response as ServerResponse).writeHead(status, headers as Record<string, string | string[]>);
  (response as ServerResponse).end(body);
}

/** Servers that answer the requests of har-client.mjs, over HTTPS, HTTP/2 and WebSocket. */
export async function startHarServers(scene: Scene, certificate: Certificate) {
  const options = { cert: readFileSync(certificate.file), key: readFileSync(certificate.key) };
  const http1 = createServer(options, answer);
  const http2 = createSecureServer(options, answer);
  const sockets = new WebSocketServer({ server: http1 });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  scene.onClose(async () => {
    sockets.close();
    http1.closeAllConnections();
    await Promise.all([http1, http2].map((server: Server) => new Promise((resolve) => server.close(resolve))));
  });
  const ports = await Promise.all(
    [http1, http2].map(async (server: Server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  const [http1Port, http2Port] = ports;
  return {
    base: `https://127.0.0.1:${http1Port}`,
    http2Base: `https://127.0.0.1:${http2Port}`,
    webSocketUrl: `wss://127.0.0.1:${http1Port}/chat`,
  };
}
