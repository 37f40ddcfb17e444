// SPDX-License-Identifier: Apache-2.0
import { createTap, type ExchangeFlow, type HttpRequest, type HttpResponse } from '@flowtap/core';
import { FakeConnection, FakeSource } from '@flowtap/core/testing';
import { http1 } from '@flowtap/protocols-http1';
import { expect, test } from 'vitest';
import { http2 } from '../src/index.js';
import { data, headers, join, PREFACE, request, response, settings, settingsAck } from './frames.js';

const ASK =
  'POST /up?x=1 HTTP/1.1\r\nHost: h:80\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n' +
  'HTTP2-Settings: AAMAAABk\r\nContent-Length: 4\r\n\r\nbody';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';

test.each([
  ['in pieces', false],
  ['in one write', true],
])('h2c by Upgrade: the request in HTTP/1.1 is answered on stream 1 (the server answers %s)', async (_, inOne) => {
  const connection = new FakeConnection({ role: 'client' });
  const source = new FakeSource();
  const tap = createTap({ source, protocols: [http2(), http1()], redact: false });
  const flows: ExchangeFlow[] = [];
  tap.on('flow', (flow) => {
    if (flow.kind === 'flow') flows.push(flow);
  });
  await tap.start();
  const answer = join(settings(), headers(1, response(200)), data(1, 'first'));
  source.play(connection.connect(), connection.egress(ASK));
  if (inOne) source.play(connection.ingress(join(SWITCH, answer)));
  else source.play(connection.ingress(SWITCH), connection.ingress(answer));
  source.play(
    connection.egress(join(PREFACE, settings(), settingsAck, headers(3, request('/next'), 'end'))),
    connection.ingress(join(settingsAck, headers(3, response(404), 'end'))),
    connection.close(),
  );
  await tap.stop();
  const seen = flows.map((flow) => {
    const { target, body } = flow.request as HttpRequest;
    const { status, body: answered } = flow.response as HttpResponse;
    return [flow.protocol, target, body.text(), status, answered.text(), flow.complete];
  });
  expect(seen).toEqual([
    ['http/1.1', '/up?x=1', 'body', 101, '', true],
    ['http/2', '/up?x=1', 'body', 200, 'first', true],
    ['http/2', '/next', '', 404, '', true],
  ]);
});
