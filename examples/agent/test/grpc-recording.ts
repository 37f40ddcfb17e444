// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { type Recording, startRelay } from '@flowtap/core/testing';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const protoFile: string = fileURLToPath(
  new URL('../../../packages/grpc-schema/test/protos/echo.proto', import.meta.url),
);

/** Value of `grpc.default_compression_algorithm` for gzip. */
const GZIP = 2;

/** Calls between gRPC's own client and server on one connection: one that is answered, one that is refused, one stream. */
export async function recordGrpc(): Promise<Recording> {
  const service = loadSync(protoFile, { longs: String, bytes: Buffer })['test.v1.Echo'];
  if (service === undefined || !('Unary' in service) || !('Chat' in service)) throw new Error('there is no Echo');
  const { Unary, Chat } = service;
  if (Unary === undefined || Chat === undefined) throw new Error('Echo has not its methods');
  const server = new Server({ 'grpc.default_compression_algorithm': GZIP });
  server.addService(service, {
    Unary: (call: { request: { itemName: string } }, answer: (error: object | null, reply?: object) => void) => {
      if (call.request.itemName === 'refused') answer({ code: status.NOT_FOUND, details: 'no such item' });
      else answer(null, { id: 7 });
    },
    Chat: (call: ServerDuplexStream<{ itemName: string }, object>) => {
      call.on('data', (item) => call.write({ itemName: `re: ${item.itemName}` }));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const relay = await startRelay(port);
  const client = new Client(`127.0.0.1:${relay.port}`, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': GZIP,
  });
  const ask = (item: object) =>
    new Promise<void>((resolve) =>
      client.makeUnaryRequest(Unary.path, Unary.requestSerialize, Unary.responseDeserialize, item, new Metadata(), () =>
        resolve(),
      ),
    );
  await ask({ itemName: 'größe', bigNumber: '9007199254740993', madeAt: { seconds: 1 }, color: 'COLOR_RED' });
  await ask({ itemName: 'refused' });
  await new Promise<void>((resolve) => {
    const chat = client.makeBidiStreamRequest(Chat.path, Chat.requestSerialize, Chat.responseDeserialize);
    chat.on('data', () => {});
    chat.on('status', () => resolve());
    for (const itemName of ['a', 'b']) chat.write({ itemName, rawData: Buffer.from([255]) });
    chat.end();
  });
  client.close();
  server.forceShutdown();
  await relay.close();
  const [recording] = relay.connections;
  if (recording === undefined) throw new Error('nothing was recorded');
  return recording;
}
