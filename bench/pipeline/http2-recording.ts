// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import { type AddressInfo, connect as connectSocket, createServer as createRelay, type Socket } from 'node:net';
import type { WireChunk } from './corpus.js';

export interface Http2Shape {
  readonly exchanges: number;
  /** Streams that are open at once. */
  readonly concurrency: number;
  /** `n` is different for each exchange. Pseudo-header fields too. */
  readonly request: (n: number) => Record<string, string>;
  readonly response: (n: number) => Record<string, string | number>;
  readonly body: (n: number) => Buffer;
}

/** One connection of Node's own HTTP/2 client and server (nghttp2), as a relay between them saw it. */
export async function recordHttp2(shape: Http2Shape): Promise<readonly WireChunk[]> {
  const chunks: WireChunk[] = [];
  const server = createServer();
  server.on('stream', (stream, headers) => {
    const n = Number(headers['x-trace']);
    stream.respond({ ':status': 200, ...shape.response(n) });
    stream.end(shape.body(n));
  });
  const record = (direction: WireChunk['direction'], from: Socket, to: Socket) => {
    from.on('data', (bytes) => {
      chunks.push({ direction, bytes });
      to.write(bytes);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
  };
  const relay = createRelay((near) => {
    const far = connectSocket((server.address() as AddressInfo).port, '127.0.0.1');
    record('egress', near, far);
    record('ingress', far, near);
  });
  server.listen(0, '127.0.0.1');
  relay.listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(relay, 'listening')]);

  const client = connect(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`);
  let next = 0;
  const worker = async () => {
    while (next < shape.exchanges) {
      const stream = client.request(shape.request(next++));
      stream.resume();
      await once(stream, 'close');
    }
  };
  await Promise.all(Array.from({ length: shape.concurrency }, worker));
  client.close();
  await once(client, 'close');
  relay.close();
  server.close();
  return chunks;
}

const HEADERS_FRAME = 1;
const PRIORITY_FLAG = 0x20;

/** Header blocks of the requests; each lies in one frame. */
export function requestBlocks(chunks: readonly WireChunk[]): readonly Buffer[] {
  const bytes = Buffer.concat(chunks.filter(({ direction }) => direction === 'egress').map((chunk) => chunk.bytes));
  const blocks: Buffer[] = [];
  for (let at = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    const hasPriority = ((bytes[at + 4] ?? 0) & PRIORITY_FLAG) !== 0;
    if (bytes[at + 3] === HEADERS_FRAME) blocks.push(bytes.subarray(at + 9 + (hasPriority ? 5 : 0), end));
    at = end;
  }
  return blocks;
}
