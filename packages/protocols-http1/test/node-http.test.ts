// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type RequestOptions, request, type Server } from 'node:http';
import { connect } from 'node:net';
import type { HttpHeader, ParsedExchange } from '@flowtap/core';
import { listen, type Relay, runParser, startRelay } from '@flowtap/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { http1 } from '../src/index.js';
import { requestOf, responseOf } from './outline.js';

/** What Node's http module said of a message, in our words. */
interface NodeMessage {
  readonly startLine: string;
  readonly headers: readonly HttpHeader[];
  readonly trailers: readonly HttpHeader[];
  readonly body: string;
}

interface NodeExchange {
  readonly request: NodeMessage;
  readonly response: NodeMessage;
}

async function toNodeMessage(message: IncomingMessage, startLine: string): Promise<NodeMessage> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return {
    startLine,
    headers: pairs(message.rawHeaders),
    trailers: pairs(message.rawTrailers),
    body: Buffer.concat(chunks).toString('latin1'),
  };
}

function pairs(raw: readonly string[]): HttpHeader[] {
  const headers: HttpHeader[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return headers;
}

function toNodeExchange(exchange: ParsedExchange): NodeExchange {
  const sent = requestOf(exchange);
  const got = responseOf(exchange);
  if (sent === undefined || got === undefined) throw new Error(`half an exchange: ${exchange.error?.code}`);
  return {
    request: {
      startLine: `${sent.method} ${sent.target} ${sent.httpVersion}`,
      headers: sent.headers,
      trailers: sent.trailers ?? [],
      body: sent.body.bytes.toString('latin1'),
    },
    response: {
      startLine: `${got.status} ${got.reason} ${got.httpVersion}`,
      headers: got.headers,
      trailers: got.trailers ?? [],
      body: got.body.bytes.toString('latin1'),
    },
  };
}

const BODY = 'naïve bytes \u0000\u00ff\r\n'.repeat(3000);

/** Does what the path asks for. */
function respond(message: IncomingMessage, response: import('node:http').ServerResponse): void {
  const path = message.url?.split('?')[0];
  response.setHeader('X-Two', ['first', 'second']);
  if (path === '/chunked') {
    response.writeHead(200, 'Fine Indeed', { Trailer: 'X-Sum' });
    response.write('one ');
    response.write(Buffer.from(BODY, 'latin1'));
    response.addTrailers({ 'X-Sum': '42', 'X-Other': 'a b' });
    response.end('last');
  } else if (path === '/none') {
    response.writeHead(204).end();
  } else if (path === '/unchanged') {
    response.writeHead(304).end();
  } else if (path === '/close') {
    response.writeHead(200, { Connection: 'close' });
    response.end(Buffer.from(BODY, 'latin1'));
  } else if (path === '/hints') {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('after the hints');
  } else {
    response.end(`you asked for ${message.url}`);
  }
}

describe("bytes that Node's own client and server exchanged", () => {
  let server: Server;
  let relay: Relay;
  let requests: Promise<NodeMessage>[];
  let responses: NodeMessage[];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  beforeEach(async () => {
    requests = [];
    responses = [];
    server = createServer((message, response) => {
      requests.push(toNodeMessage(message, `${message.method} ${message.url} ${message.httpVersion}`));
      message.on('end', () => respond(message, response));
    });
    relay = await startRelay(await listen(server));
  });

  afterEach(async () => {
    agent.destroy();
    await relay.close();
    server.close();
  });

  async function send(
    options: RequestOptions,
    write?: (sending: import('node:http').ClientRequest) => void,
  ): Promise<void> {
    const sending = request({ host: '127.0.0.1', port: relay.port, agent, ...options });
    if (write === undefined) sending.end();
    else write(sending);
    const [message] = (await once(sending, 'response')) as [IncomingMessage];
    const line = `${message.statusCode} ${message.statusMessage} ${message.httpVersion}`;
    responses.push(await toNodeMessage(message, line));
  }

  function parsed(): NodeExchange[] {
    return relay.connections.flatMap((recording) => {
      const run = runParser(http1(), recording);
      expect(run.counts).toEqual({});
      expect(run.exchanges.every(({ complete }) => complete)).toBe(true);
      return run.exchanges.map(toNodeExchange);
    });
  }

  async function expected(): Promise<NodeExchange[]> {
    const seen = await Promise.all(requests);
    return seen.map((message, i) => ({ request: message, response: responses[i] ?? message }));
  }

  test('one keep-alive connection with every kind of body', async () => {
    await send({ path: '/plain?a=b&c=%20d', headers: { 'X-Dup': ['1', '2'], 'x-CaSe': 'Kept' } });
    await send({ path: '/chunked' });
    await send({ path: '/plain', method: 'HEAD' });
    await send({ path: '/none', method: 'DELETE' });
    await send({ path: '/unchanged' });
    await send({ path: '/hints' });
    await send({ path: '/plain', method: 'POST', headers: { 'Content-Length': BODY.length } }, (sending) => {
      sending.end(Buffer.from(BODY, 'latin1'));
    });
    await send({ path: '/chunked', method: 'PUT', headers: { Trailer: 'X-End' } }, (sending) => {
      sending.write('a');
      sending.write(Buffer.from(BODY, 'latin1'));
      sending.addTrailers({ 'X-End': 'yes' });
      sending.end();
    });
    await send(
      { path: '/plain', method: 'POST', headers: { Expect: '100-continue', 'Content-Length': 4 } },
      (sending) => {
        sending.on('continue', () => sending.end('body'));
        sending.flushHeaders();
      },
    );
    await send({ path: '/close' });
    expect(parsed()).toEqual(await expected());
    expect(responses).toHaveLength(10);
  });

  test('two hundred requests on one connection keep their order', async () => {
    for (let i = 0; i < 200; i++) await send({ path: `/plain?n=${i}` });
    expect(parsed()).toEqual(await expected());
  });

  test('pipelined requests', async () => {
    const socket = connect(relay.port, '127.0.0.1');
    const count = 25;
    for (let i = 0; i < count; i++) socket.write(`GET /plain?n=${i} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.end(`GET /chunked HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    socket.resume();
    await once(socket, 'close');
    const found = parsed();
    const seen = await Promise.all(requests);
    expect(found.map((exchange) => exchange.request)).toEqual(seen);
    expect(found.map(({ response }) => response.body).slice(0, count)).toEqual(
      seen.slice(0, count).map((_, i) => `you asked for /plain?n=${i}`),
    );
    expect(found.at(-1)?.response.trailers).toEqual([
      ['X-Sum', '42'],
      ['X-Other', 'a b'],
    ]);
  });
});
