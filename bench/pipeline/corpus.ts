// SPDX-License-Identifier: Apache-2.0
import type { Direction } from '@flowtap/core';

/** What one write or read of the program carried. */
export interface WireChunk {
  readonly direction: Direction;
  readonly bytes: Buffer;
}

/** The same kind of traffic on several keep-alive connections, as their client sees it. */
export interface Corpus {
  readonly name: string;
  readonly description: string;
  readonly connections: readonly (readonly WireChunk[])[];
  /** Requests and responses. */
  readonly messages: number;
  readonly bytes: number;
}

interface Shape {
  readonly name: string;
  readonly description: string;
  readonly connections: number;
  readonly exchangesPerConnection: number;
  /** `n` is different for each exchange, so that no two messages are equal. */
  readonly request: (n: number) => string;
  readonly response: (n: number) => Buffer;
}

const CHUNK_BYTES = 16_384;

function smallResponse(n: number): Buffer {
  const body = `{"id":${n},"name":"item ${n}","price":${(n * 37) % 1000},"tags":["a","b"],"stock":${n % 77}}`.padEnd(
    100,
  );
  return withBody(
    `HTTP/1.1 200 OK\r\nDate: Tue, 01 Jul 2025 10:${two(n)}:${two(n * 7)} GMT\r\nContent-Type: application/json\r\n` +
      'Connection: keep-alive\r\n',
    Buffer.from(body),
  );
}

function browserRequest(n: number): string {
  return (
    `GET /catalogue/items?page=${n}&sort=price&filter=in-stock HTTP/1.1\r\nHost: shop.example.test\r\n` +
    'Connection: keep-alive\r\nsec-ch-ua: "Chromium";v="126", "Not/A)Brand";v="8"\r\nsec-ch-ua-mobile: ?0\r\n' +
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n' +
    'Accept: application/json, text/plain, */*\r\nsec-ch-ua-platform: "Linux"\r\nSec-Fetch-Site: same-origin\r\n' +
    `Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nReferer: https://shop.example.test/catalogue/${n - 1}\r\n` +
    `Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\nCookie: session=${n * 7919}; theme=dark\r\n\r\n`
  );
}

function mediumResponse(n: number): Buffer {
  const item = `{"id":${n},"title":"Item number ${n}","description":"${'lorem ipsum dolor sit amet '.repeat(5)}"},`;
  const body = Buffer.from(`[${item.repeat(40)}`.slice(0, 4096));
  return withBody(
    `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 01 Jul 2025 10:${two(n)}:${two(n * 7)} GMT\r\n` +
      'Content-Type: application/json; charset=utf-8\r\nConnection: keep-alive\r\nVary: Accept-Encoding\r\n' +
      `ETag: W/"${n}-5c1"\r\nCache-Control: private, max-age=0\r\nX-Request-Id: ${n}-4b1c-9f2e\r\n` +
      'Strict-Transport-Security: max-age=31536000\r\nX-Frame-Options: DENY\r\n',
    body,
  );
}

function bigResponse(n: number): Buffer {
  return withBody(
    `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: application/octet-stream\r\nETag: "${n}"\r\n`,
    Buffer.alloc(262_144, `block ${n} `),
  );
}

const SHAPES: readonly Shape[] = [
  {
    name: 'small',
    description: 'GET with 5 headers, 200 with 100 bytes of JSON',
    connections: 20,
    exchangesPerConnection: 200,
    request: (n) =>
      `GET /api/v1/items/${n}?verbose=1 HTTP/1.1\r\nHost: api.example.test:8080\r\nUser-Agent: client/2.${n % 10}\r\n` +
      `Accept: */*\r\nAccept-Encoding: gzip, deflate\r\nX-Trace: ${n}\r\n\r\n`,
    response: smallResponse,
  },
  {
    name: 'medium',
    description: "a browser's GET with 14 headers, 200 with 4 KiB of JSON",
    connections: 10,
    exchangesPerConnection: 100,
    request: browserRequest,
    response: mediumResponse,
  },
  {
    name: 'big',
    description: 'GET, 200 with 256 KiB in chunks of 16 KiB',
    connections: 4,
    exchangesPerConnection: 10,
    request: (n) => `GET /files/${n} HTTP/1.1\r\nHost: files.example.test\r\nAccept: */*\r\n\r\n`,
    response: bigResponse,
  },
];

export function makeCorpora(): readonly Corpus[] {
  return SHAPES.map(makeCorpus);
}

function makeCorpus(shape: Shape): Corpus {
  const connections: WireChunk[][] = [];
  let bytes = 0;
  for (let connection = 0; connection < shape.connections; connection++) {
    const chunks: WireChunk[] = [];
    for (let exchange = 0; exchange < shape.exchangesPerConnection; exchange++) {
      const n = connection * shape.exchangesPerConnection + exchange + 1;
      const request = Buffer.from(shape.request(n), 'latin1');
      const response = shape.response(n);
      bytes += request.length + response.length;
      chunks.push({ direction: 'egress', bytes: request });
      for (let at = 0; at < response.length; at += CHUNK_BYTES) {
        chunks.push({ direction: 'ingress', bytes: response.subarray(at, at + CHUNK_BYTES) });
      }
    }
    connections.push(chunks);
  }
  const messages = shape.connections * shape.exchangesPerConnection * 2;
  return { name: shape.name, description: shape.description, connections, messages, bytes };
}

function withBody(head: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body]);
}

function two(n: number): string {
  return String(n % 60).padStart(2, '0');
}
