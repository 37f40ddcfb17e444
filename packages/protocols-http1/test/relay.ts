// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Direction, StreamChunk } from '@flowtap/core';

export interface RecordedConnection {
  /** In the order in which they passed. `egress`: from the client. */
  readonly chunks: StreamChunk[];
}

export interface Relay {
  readonly port: number;
  readonly connections: readonly RecordedConnection[];
  close(): Promise<void>;
}

/** Stands between client and server on loopback and records the bytes of both directions. */
export async function startRelay(serverPort: number): Promise<Relay> {
  const connections: RecordedConnection[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1');
    const recorded: RecordedConnection = { chunks: [] };
    connections.push(recorded);
    const record = (direction: Direction, from: Socket, to: Socket) => {
      let offset = 0;
      from.on('data', (bytes) => {
        recorded.chunks.push({ direction, offset, bytes: Buffer.from(bytes), timestampNs: recorded.chunks.length });
        offset += bytes.length;
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
