// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { Server } from 'node:net';
import { listen, type Recording, startRelay } from '@flowtap/core/testing';

/** What passed between Node's own HTTP/2 client and server: `count` exchanges of several kinds, up to four at a time. */
export async function recordNode(count: number): Promise<Recording> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (bytes: Buffer) => chunks.push(bytes));
    stream.on('end', () => {
      const n = Number(headers['x-n']);
      const fields = { ':status': n % 7 === 3 ? 404 : 200, 'x-answer': String(n), 'x-kind': String(n % 3) };
      if (n % 5 === 4) {
        stream.respond(fields, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': String(n), 'x-end': 'yes' }));
      } else stream.respond(fields);
      stream.end(`${n}:`.repeat(1 + ((n * 37) % 400)));
    });
  });
  const relay = await startRelay(await listen(server as unknown as Server));
  const client = connect(`http://127.0.0.1:${relay.port}`);
  const ask = async (n: number) => {
    const hasBody = n % 3 === 1;
    const stream = client.request({
      ':method': hasBody ? 'POST' : 'GET',
      ':path': `/path?n=${n}`,
      'x-n': String(n),
      'x-same': 'always the same',
      ...(n % 4 === 0 ? { 'x-rare': `rare ${n}` } : {}),
    });
    stream.resume();
    stream.end(hasBody ? `body of ${n} `.repeat(1 + (n % 90)) : undefined);
    await new Promise((resolve) => stream.on('close', resolve));
  };
  for (let n = 0; n < count; ) {
    const batch = 1 + (n % 4);
    await Promise.all(Array.from({ length: Math.min(batch, count - n) }, (_, i) => ask(n + i)));
    n += batch;
  }
  client.close();
  await once(client, 'close');
  await relay.close();
  server.close();
  const [recording] = relay.connections;
  if (recording === undefined) throw new Error('nothing was recorded');
  return recording;
}
