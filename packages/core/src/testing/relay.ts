// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Direction } from '../events.js';

/** What passed on one connection, in order. `egress`: from the client. Steps for `runParser`. */
export type Recording = { readonly direction: Direction; readonly bytes: Buffer }[];

export interface Relay {
  readonly port: number;
  readonly connections: readonly Recording[];
  close(): Promise<void>;
}

/** Stands between real programs on loopback and records the bytes of both directions. */
export async function startRelay(serverPort: number): Promise<Relay> {
  const connections: Recording[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1');
    const recording: Recording = [];
    connections.push(recording);
    const record = (direction: Direction, from: Socket, to: Socket) => {
      from.on('data', (bytes) => {
        recording.push({ direction, bytes: Buffer.from(bytes) });
        to.write(bytes);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
      sockets.add(from);
    };
    record('egress', client, upstream);
    record('ingress', upstream, client);
  });
  const port = await listen(server);
  return {
    port,
    connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Listens on a free port of loopback. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
