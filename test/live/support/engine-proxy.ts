// SPDX-License-Identifier: Apache-2.0
import { createServer, request } from 'node:http';
import type { Scene } from './scene.js';

/** What tracking containers needs: to look, and nothing else. */
const ALLOWED =
  /^GET (?:\/v[\d.]+)?\/(?:version|events|containers\/json|(?:containers|images)\/[\w:]+\/json|networks\/\w+)(?:\?|$)/;

/** An API-filtering proxy before a container engine, at a socket of its own. */
export interface EngineProxy {
  readonly socket: string;
  /** Requests that it did not let pass. */
  readonly refused: readonly string[];
}

export async function startEngineProxy(scene: Scene, engineSocket: string): Promise<EngineProxy> {
  const socket = scene.path('filtered.sock');
  const refused: string[] = [];
  const server = createServer((incoming, answer) => {
    const line = `${incoming.method} ${incoming.url}`;
    if (!ALLOWED.test(line)) {
      refused.push(line);
      answer.writeHead(403).end();
      return;
    }
    const { headers, url } = incoming;
    const outgoing = request({ socketPath: engineSocket, path: url, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      answer.flushHeaders();
      reply.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    outgoing.end();
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  scene.onClose(() => {
    server.close();
    server.closeAllConnections();
  });
  return { socket, refused };
}
