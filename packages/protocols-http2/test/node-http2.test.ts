// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants, createServer, type Http2Server } from 'node:http2';
import type { HttpHeader, HttpRequest, HttpResponse } from '@flowtap/core';
import { listen, type Recording, type Relay, runParser, startRelay, testProtocol } from '@flowtap/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { http2 } from '../src/index.js';
import { outline, outlines } from './outline.js';

/** What Node's own client and server said about a stream. */
interface Seen {
  readonly method: string;
  readonly path: string;
  readonly requestHeaders: readonly HttpHeader[];
  requestBody: string;
  status: number;
  responseHeaders: readonly HttpHeader[];
  responseTrailers: readonly HttpHeader[];
  responseBody: string;
}

const BODY = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

let server: Http2Server;
let relay: Relay;
let client: ClientHttp2Session;
let seen: Seen[];

/** Without pseudo-header fields. */
function pairs(raw: readonly string[]): readonly HttpHeader[] {
  const headers: HttpHeader[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!name.startsWith(':')) headers.push([name, raw[i + 1] ?? '']);
  }
  return headers;
}

beforeEach(async () => {
  seen = [];
  server = createServer();
  server.on('stream', (stream, headers) => {
    const path = String(headers[':path']);
    stream.on('error', () => {});
    if (path.startsWith('/hints')) stream.additionalHeaders({ ':status': 103, link: '</a.css>' });
    if (path.startsWith('/trailers')) {
      stream.respond({ ':status': 200, 'x-n': '1' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42', 'x-other': 'a b' }));
      stream.end(BODY);
    } else if (path.startsWith('/none')) stream.respond({ ':status': 204 }, { endStream: true });
    else if (path.startsWith('/reset')) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else if (path.startsWith('/push')) {
      stream.pushStream({ ':path': '/pushed.css' }, (_error, pushed) => {
        pushed.respond({ ':status': 200, 'content-type': 'text/css' });
        pushed.end('body{}');
      });
      stream.respond({ ':status': 200 });
      stream.end('pushing');
    } else if (path.startsWith('/big')) {
      stream.respond({ ':status': 200, 'content-type': 'text/plain' });
      stream.end('x'.repeat(100_000));
    } else {
      stream.respond({ ':status': 200, 'content-type': 'text/plain', 'x-path': path, 'set-cookie': ['a=1', 'b=2'] });
      stream.end(`you asked for ${path}`);
    }
  });
  relay = await startRelay(await listen(server as unknown as Parameters<typeof listen>[0]));
  client = connect(`http://127.0.0.1:${relay.port}`);
  client.on('error', () => {});
  client.on('stream', (pushed) => pushed.resume());
});

afterEach(async () => {
  client.destroy();
  await relay.close();
  server.close();
});

async function send(path: string, headers: Record<string, string | string[]> = {}, body?: Buffer): Promise<void> {
  const stream = client.request({ ':path': path, ...(body ? { ':method': 'POST' } : {}), ...headers });
  stream.on('error', () => {});
  const record: Seen = {
    method: body ? 'POST' : 'GET',
    path,
    requestHeaders: Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one): HttpHeader => [name.toLowerCase(), one]),
    ),
    requestBody: body?.toString('latin1') ?? '',
    status: 0,
    responseHeaders: [],
    responseTrailers: [],
    responseBody: '',
  };
  seen.push(record);
  stream.on('response', (fields, _flags, ...more: unknown[]) => {
    record.status = Number(fields[':status']);
    record.responseHeaders = pairs((more[0] ?? []) as readonly string[]);
  });
  stream.on('trailers', (_fields, _flags, ...more: unknown[]) => {
    record.responseTrailers = pairs((more[0] ?? []) as readonly string[]);
  });
  stream.on('data', (bytes: Buffer) => {
    record.responseBody += bytes.toString('latin1');
  });
  stream.end(body);
  // Not `once`: a reset stream has an error first.
  await new Promise((resolve) => stream.on('close', resolve));
}

async function recording(): Promise<Recording> {
  client.close();
  if (!client.closed || !client.destroyed) await once(client, 'close');
  const [only] = relay.connections;
  if (only === undefined) throw new Error('nothing was recorded');
  return only;
}

function expected(record: Seen) {
  return {
    request: `${record.method} http://127.0.0.1:${relay.port}${record.path}`,
    ...(record.requestHeaders.length > 0 && { requestHeaders: record.requestHeaders }),
    ...(record.requestBody !== '' && { requestBody: record.requestBody }),
    response: String(record.status),
    responseHeaders: record.responseHeaders,
    ...(record.responseBody !== '' && { responseBody: record.responseBody }),
    ...(record.responseTrailers.length > 0 && { responseTrailers: record.responseTrailers }),
    complete: true,
  };
}

test('requests one after the other with every kind of body', async () => {
  await send('/plain?a=b&c=%20d', { 'x-dup': ['1', '2'], 'x-latin': 'caf\xe9' });
  await send('/trailers');
  await send('/none');
  await send('/hints');
  await send('/plain', { 'content-type': 'application/octet-stream' }, BODY);
  await send('/big');
  await send('/plain');
  const run = runParser(http2(), await recording());
  expect(outlines(run)).toEqual(seen.map(expected));
  expect(seen.map(({ status }) => status)).toEqual([200, 200, 204, 200, 200, 200, 200]);
  expect(run.counts).toEqual({});
});

test('a hundred streams at once', async () => {
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => send(`/plain?n=${i}`, { 'x-n': String(i) }, i % 3 ? BODY : undefined)),
  );
  const found = outlines(runParser(http2(), await recording()));
  const byRequest = new Map(found.map((one) => [one.request, one]));
  expect(found.length).toBe(100);
  for (const record of seen) expect(byRequest.get(expected(record).request)).toEqual(expected(record));
});

test('reset, pushed and refused streams', async () => {
  await send('/reset');
  await send('/push');
  const found = outlines(runParser(http2(), await recording()));
  const origin = `http://127.0.0.1:${relay.port}`;
  // In the order in which they end.
  expect([...found].sort((a, b) => String(b.request).localeCompare(String(a.request)))).toEqual([
    { request: `GET ${origin}/reset`, error: 'stream-reset' },
    expect.objectContaining({
      request: `GET ${origin}/pushed.css`,
      response: '200',
      responseBody: 'body{}',
      complete: true,
    }),
    expect.objectContaining({
      request: `GET ${origin}/push`,
      response: '200',
      responseBody: 'pushing',
      complete: true,
    }),
  ]);
});

test('any chunking gives the same, and damage throws nothing', async () => {
  await send('/plain?a=b', { 'x-a': 'b' }, BODY);
  await send('/trailers');
  const steps = await recording();
  testProtocol(http2(), [
    { name: 'two exchanges of Node', messages: steps, verify: (run) => expect(run.exchanges.length).toBe(2) },
  ]);
});

test('joined before any chunk: what is said is right, and what is not known is said to be', async () => {
  for (let i = 0; i < 12; i++)
    await send(`/plain?n=${i}`, { 'x-n': String(i), 'x-same': 'same' }, i % 2 ? BODY : undefined);
  const steps = await recording();
  const whole = runParser(http2(), steps).exchanges;
  expect(whole.length).toBe(12);
  for (let from = 1; from < steps.length; from++) {
    const late = runParser(http2(), steps.slice(from), { joinedLate: true, connection: { role: 'client' } }).exchanges;
    for (const exchange of late) {
      expect(exchange.joined).toBe('late');
      const request = exchange.request as HttpRequest | undefined;
      if (request === undefined) continue;
      const same = whole.find((one) => (one.request as HttpRequest).target === request.target);
      const right = same && outline(same);
      const { headersIncomplete, joined: _, ...said } = outline(exchange);
      if (headersIncomplete === undefined) expect(said).toEqual(right);
      else {
        expect(said.requestBody).toEqual(right?.requestBody);
        if (said.response !== '0') expect(said.response).toEqual(right?.response);
        expect(said.responseBody).toEqual(right?.responseBody);
        for (const message of [exchange.request, exchange.response] as (HttpRequest | HttpResponse)[]) {
          const all = [same?.request, same?.response].flatMap((one) => (one as HttpRequest | undefined)?.headers ?? []);
          for (const header of message?.headers ?? [])
            if (header[0] !== '(unknown)') expect(all).toContainEqual(header);
        }
      }
    }
    // No request that was seen whole may be missing.
    const requests = steps.slice(from).filter(({ direction, bytes }) => direction === 'egress' && bytes[3] === 1);
    expect(late.filter(({ request }) => request !== undefined).length).toBeGreaterThanOrEqual(
      requests.length > 0 ? 1 : 0,
    );
  }
});
