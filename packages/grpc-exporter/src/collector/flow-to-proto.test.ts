// SPDX-License-Identifier: Apache-2.0
import { type Flow, HttpBody } from '@flowtap/core';
import { describe, expect, it } from 'vitest';
import { bodyOf, exchangeFlow, opaqueFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import { flowtapDefinition } from '../../test/support/collector-server.js';
import { FlowsRequest } from '../gen/flowtap/v1/flowtap.js';
import { flowToProto } from './flow-to-proto.js';

/** The flow as a server reads it that was made from the .proto files by somebody else. */
function received(flow: Flow, maxBodyBytes = 1000): unknown {
  const bytes = FlowsRequest.encode({ sequence: 1, flows: [flowToProto(flow, maxBodyBytes)] }).finish();
  const service = flowtapDefinition['flowtap.v1.FlowtapService'];
  const method = service !== undefined && 'Flows' in service ? service['Flows'] : undefined;
  const request = (method as { requestDeserialize(bytes: Buffer): { flows: unknown[] } }).requestDeserialize(
    Buffer.from(bytes),
  );
  return request.flows[0];
}

describe('a flow', () => {
  it('arrives with its times, addresses, process, messages and gaps', () => {
    const flow = exchangeFlow({
      role: 'server',
      tls: true,
      fdSource: 'nested-call',
      container: { id: 'ab12', name: 'web', image: 'nginx:1', labels: { tier: 'front' } },
      destinationContainer: 'api',
      joined: 'late',
      headersIncomplete: true,
      complete: false,
      error: { code: 'stream-reset', message: 'The client reset the stream.' },
      gaps: [{ direction: 'egress', offset: 2 ** 40, bytes: 5, reason: 'ring-full' }],
      response: responseOf({ trailers: [['X-Sum', 'abc']], body: bodyOf('zipped', 'gzip') }),
    });
    expect(received(flow)).toMatchObject({
      id: flow.id,
      protocol: 'http/1.1',
      scheme: 'http',
      tls: true,
      role: 'ROLE_SERVER',
      startTimeUs: Date.UTC(2026, 10, 22, 20, 20, 53) * 1000 + 125,
      durationUs: 12_375,
      source: { address: '10.0.0.1', port: 40000 },
      destination: { address: '::1', port: 8080, containerName: 'api' },
      container: { id: 'ab12', name: 'web', image: 'nginx:1', labels: { tier: 'front' } },
      process: { pid: 1234, comm: 'curl', exe: '/usr/bin/curl' },
      connectionId: 7,
      fdSource: 'nested-call',
      gaps: [{ direction: 'DIRECTION_EGRESS', offset: 2 ** 40, bytes: 5, reason: 'ring-full' }],
      error: { code: 'stream-reset', message: 'The client reset the stream.' },
      exchange: {
        complete: false,
        headersIncomplete: true,
        joinedLate: true,
        request: {
          httpRequest: {
            method: 'POST',
            target: '/things?colour=blue',
            authority: 'localhost:8080',
            httpVersion: '1.1',
            headers: flow.request?.headers.map(([name, value]) => ({ name, value })),
            body: { size: 19, truncated: false, captured: Buffer.from('{"name":"größer"}') },
          },
        },
        response: {
          httpResponse: {
            status: 201,
            reason: 'Created',
            trailers: [{ name: 'X-Sum', value: 'abc' }],
            body: { contentEncoding: 'gzip', captured: Buffer.from('zipped') },
          },
        },
      },
    });
  });

  it('arrives with the messages of a gRPC call once, and not in the body again', () => {
    const messages = ['first', 'second'].map((text, i) => ({
      offsetMs: i + 0.5,
      compressed: false,
      content: bodyOf(text),
    }));
    const grpc = { messages, messageCount: 9, messagesLost: true, encoding: 'gzip' } as const;
    const flow = exchangeFlow({
      protocol: 'grpc',
      request: requestOf({ grpc: { ...grpc, service: 'test.v1.Echo', method: 'Say' } }),
      response: responseOf({ grpc: { ...grpc, status: 0, statusName: 'OK', message: 'fine' } }),
    });
    const list = [
      { offsetUs: 500, content: { captured: Buffer.from('first') } },
      { offsetUs: 1500, content: { captured: Buffer.from('second') } },
    ];
    expect(received(flow)).toMatchObject({
      exchange: {
        request: {
          httpRequest: {
            body: { size: 19, truncated: false, captured: Buffer.alloc(0) },
            grpc: {
              service: 'test.v1.Echo',
              method: 'Say',
              messages: { list, count: 9, lost: true, encoding: 'gzip' },
            },
          },
        },
        response: { httpResponse: { grpc: { status: 0, statusName: 'OK', message: 'fine' } } },
      },
    });
  });

  it('arrives with the messages of a conversation', () => {
    const flow = exchangeFlow({
      messages: [
        { type: 'text', sender: 'client', offsetMs: 1, content: bodyOf('hello'), compressed: true },
        { type: 'close', sender: 'server', offsetMs: 2, content: HttpBody.empty, closeCode: 1001 },
        { type: 'event', sender: 'server', offsetMs: 3, content: bodyOf('data'), event: 'tick', id: '7' },
        {
          ...{ type: 'pushed', sender: 'server', offsetMs: 4, content: bodyOf('hi') },
          ...{ event: 'pmessage', topic: 'news.today', pattern: 'news.*' },
        },
      ],
      messageCount: 4,
    });
    expect(received(flow)).toMatchObject({
      exchange: {
        messageCount: 4,
        messages: [
          {
            sender: 'SENDER_CLIENT',
            offsetUs: 1000,
            type: 'text',
            compressed: true,
            content: { captured: Buffer.from('hello') },
          },
          { sender: 'SENDER_SERVER', type: 'close', closeCode: 1001 },
          { type: 'event', event: 'tick', eventId: '7', content: { captured: Buffer.from('data') } },
          { type: 'pushed', event: 'pmessage', topic: 'news.today', pattern: 'news.*' },
        ],
      },
    });
  });

  it('arrives with the events of an event stream', () => {
    const event = {
      type: 'event',
      sender: 'server',
      offsetMs: 3,
      content: bodyOf('now'),
      event: 'tick',
      id: '7',
    } as const;
    const response = responseOf({ eventStream: { events: [event], eventCount: 9, eventsLost: true } });
    expect(received(exchangeFlow({ response }))).toMatchObject({
      exchange: {
        response: {
          httpResponse: {
            eventStream: {
              events: [
                {
                  type: 'event',
                  offsetUs: 3000,
                  event: 'tick',
                  eventId: '7',
                  content: { captured: Buffer.from('now') },
                },
              ],
              count: 9,
              lost: true,
            },
          },
        },
      },
    });
  });

  it('arrives also when it is encrypted and could not be read', () => {
    expect(received(opaqueFlow())).toMatchObject({
      protocol: 'tls',
      opaque: {
        sni: 'example.org',
        alpn: ['h2', 'http/1.1'],
        ingressBytes: 5000,
        egressBytes: 700,
        reason: { code: 'tls-library-unsupported' },
      },
    });
  });

  it('arrives as JSON where the protocol is not known here', () => {
    const request = { command: 'get', bytes: Buffer.from([1, 2]) };
    // A protocol of somebody else's, which this package has no types of.
    const flow = { ...exchangeFlow(), protocol: 'memcached', request, response: undefined } as unknown as Flow;
    expect(received(flow)).toMatchObject({
      protocol: 'memcached',
      exchange: { request: { json: '{"command":"get","bytes":{"base64":"AQI="}}' }, response: null },
    });
  });

  it('has no process and no addresses where none are known', () => {
    const { source: _, destination: __, ...flow } = exchangeFlow({ process: { pid: -1, comm: '' } });
    expect(received(flow)).toMatchObject({ process: null, source: null, destination: null });
  });
});

describe('limits', () => {
  it('sends the beginning of a body, and says so', () => {
    const flow = exchangeFlow({ request: requestOf({ body: bodyOf('0123456789') }) });
    expect(received(flow, 4)).toMatchObject({
      exchange: { request: { httpRequest: { body: { size: 10, truncated: true, captured: Buffer.from('0123') } } } },
    });
  });

  it('counts the messages of a call together', () => {
    const messages = ['12345', '67890'].map((text) => ({ offsetMs: 0, compressed: false, content: bodyOf(text) }));
    const flow = exchangeFlow({ protocol: 'grpc', request: requestOf({ grpc: { messages, messageCount: 2 } }) });
    expect(received(flow, 7)).toMatchObject({
      exchange: {
        request: {
          httpRequest: {
            grpc: {
              messages: {
                list: [
                  { content: { truncated: false, captured: Buffer.from('12345') } },
                  { content: { truncated: true, captured: Buffer.from('67') } },
                ],
              },
            },
          },
        },
      },
    });
  });
});
