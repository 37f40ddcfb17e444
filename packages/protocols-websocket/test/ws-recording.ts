// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { UpgradedExchange } from '@flowtap/core';
import { listen, type ParserStep, type Recording, runParser, startRelay } from '@flowtap/core/testing';
import { http1 } from '@flowtap/protocols-http1';
import { type WebSocketServer as Server, type ServerOptions, WebSocket, WebSocketServer } from 'ws';

export interface Recorded {
  /** What HTTP/1 hands over. */
  readonly upgraded: UpgradedExchange;
  /** What passed afterwards. */
  readonly steps: readonly Exclude<ParserStep, { readonly gapBytes: number }>[];
  /** What the programs themselves saw, by who said it: `text hello`, `close 1000 bye`. */
  readonly client: readonly string[];
  readonly server: readonly string[];
}

export type Talk = (client: WebSocket, server: WebSocket) => Promise<void>;

/** What passes between client and server of npm's ws, an implementation that has nothing to do with ours. */
export async function record(deflate: ServerOptions['perMessageDeflate'], talk: Talk): Promise<Recorded> {
  const http = createServer();
  const wss: Server = new WebSocketServer({ server: http, perMessageDeflate: deflate ?? false });
  const relay = await startRelay(await listen(http));
  const said = { client: [] as string[], server: [] as string[] };
  const accepted = once(wss, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${relay.port}/socket?n=1`, { perMessageDeflate: deflate ?? false });
  note(client, said.server);
  const [server] = (await accepted) as [WebSocket];
  note(server, said.client);
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
  await talk(client, server);
  const ended = [client, server].map((socket) =>
    socket.readyState === WebSocket.CLOSED ? undefined : once(socket, 'close'),
  );
  client.close(1000, 'bye');
  await Promise.all(ended);
  await relay.close();
  wss.close();
  http.close();
  const [recording] = relay.connections;
  if (recording === undefined) throw new Error('nothing was recorded');
  return { ...handedOver(recording), ...said };
}

function note(socket: WebSocket, heard: string[]): void {
  const hear = (...parts: readonly unknown[]) =>
    heard.push(
      parts
        .map(String)
        .filter((part) => part !== '')
        .join(' '),
    );
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) hear('binary', data.toString('hex'));
    else hear('text', data);
  });
  socket.on('ping', (data) => hear('ping', data));
  socket.on('pong', (data) => hear('pong', data));
  socket.on('close', (code, reason) => hear('close', code, reason));
}

function handedOver(recording: Recording): Pick<Recorded, 'upgraded' | 'steps'> {
  const { handover, exchanges } = runParser(http1(), recording);
  if (handover === undefined) throw new Error('HTTP/1 did not hand over');
  const left = { ingress: handover.ingressOffset, egress: handover.egressOffset };
  const steps = recording.flatMap(({ direction, bytes }) => {
    const skipped = Math.min(left[direction], bytes.length);
    left[direction] -= skipped;
    return skipped === bytes.length ? [] : [{ direction, bytes: bytes.subarray(skipped) }];
  });
  return { upgraded: exchanges.at(-1) as UpgradedExchange, steps };
}

/** Sends, and resolves when the other side has got as many messages. */
export async function say(from: WebSocket, to: WebSocket, ...messages: readonly (string | Buffer)[]): Promise<void> {
  for (const message of messages) {
    const arrived = once(to, 'message');
    from.send(message);
    await arrived;
  }
}
