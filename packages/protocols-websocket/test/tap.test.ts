// SPDX-License-Identifier: Apache-2.0
import { createTap, type Flow, type ProtocolPlugin } from '@flowtap/core';
import { FakeConnection, FakeSource } from '@flowtap/core/testing';
import { http1 } from '@flowtap/protocols-http1';
import { expect, it } from 'vitest';
import { websocket } from '../src/index.js';
import { client, close, server, text } from './frames.js';

const REQUEST = 'GET /chat?x=1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

async function talk(protocols: readonly ProtocolPlugin[], options: { readonly listens: boolean }) {
  const source = new FakeSource();
  const tap = createTap({ source, protocols });
  const heard: string[] = [];
  const flows: Flow[] = [];
  const ids = new Set<string>();
  if (options.listens) {
    tap.on('flow:open', ({ id, protocol }) => heard.push(`open ${protocol}`) && ids.add(id));
    tap.on('flow:message', ({ flowId, index, message }) => heard.push(`${index} ${message.sender}`) && ids.add(flowId));
  }
  tap.on('flow', (flow) => {
    heard.push(`flow ${flow.protocol}`);
    flows.push(flow);
    ids.add(flow.id);
  });
  await tap.start();
  const connection = new FakeConnection({ role: 'client' });
  source.play(
    connection.egress(REQUEST),
    // The server may speak at once.
    connection.ingress(Buffer.concat([Buffer.from(SWITCH), server(text('welcome')).bytes])),
    connection.egress(client(text('hello')).bytes),
    connection.egress(client(close(1000)).bytes),
    connection.ingress(server(close(1000)).bytes),
    connection.close(),
  );
  await tap.stop();
  return { heard, flows, ids, counters: tap.stats().counters };
}

it('is one flow from the request to the last message, announced under one id', async () => {
  const { heard, flows, ids } = await talk([http1(), websocket()], { listens: true });
  expect(heard).toEqual([
    'open http/1.1',
    'open websocket',
    '0 server',
    '1 client',
    '2 client',
    '3 server',
    'flow websocket',
  ]);
  expect(ids.size).toBe(1);
  expect(flows).toMatchObject([
    {
      protocol: 'websocket',
      scheme: 'ws',
      role: 'client',
      complete: true,
      request: { target: '/chat?x=1' },
      response: { status: 101 },
      messageCount: 4,
    },
  ]);
});

it('is the same flow when nobody listens', async () => {
  const { heard, flows } = await talk([http1(), websocket()], { listens: false });
  expect(heard).toEqual(['flow websocket']);
  expect(flows).toMatchObject([{ complete: true, messageCount: 4, source: { port: 8080 } }]);
});

it('without the plugin the handshake is a flow of HTTP', async () => {
  const { heard, counters } = await talk([http1()], { listens: true });
  expect(heard).toEqual(['open http/1.1', 'flow http/1.1']);
  expect(counters).toEqual({ 'handover-unknown:websocket': 1 });
});
