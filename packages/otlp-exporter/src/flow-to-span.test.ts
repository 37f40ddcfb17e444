// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import type { ExchangeFlow, HttpHeader, SqlRequest, SqlResponse } from '@flowtap/core';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { exchangeFlow, opaqueFlow, requestOf, responseOf } from '../../grpc-exporter/test/sample-flows.js';
import { FlowSpans } from './flow-to-span.js';

const spans = new FlowSpans();
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function withHeaders(...headers: readonly HttpHeader[]): ExchangeFlow {
  return exchangeFlow({ request: requestOf({ headers }) });
}

/** A flow of a protocol that this package does not know by its types. */
const flowOf = (init: object): ExchangeFlow => ({ ...exchangeFlow(), ...init }) as unknown as ExchangeFlow;

describe('an HTTP flow', () => {
  it('of a client', () => {
    const span = spans.of(exchangeFlow());
    expect(span).toMatchObject({ name: 'POST', kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
    expect(span.attributes).toEqual({
      'http.request.method': 'POST',
      'http.response.status_code': 201,
      'url.full': 'http://localhost:8080/things?colour=blue',
      'url.scheme': 'http',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      'network.transport': 'tcp',
      'network.peer.address': '::1',
      'network.peer.port': 8080,
      'server.address': 'localhost',
      'server.port': 8080,
      'flowtap.flow.id': expect.stringMatching(/^0190f000-/),
    });
  });

  it('of a server', () => {
    const { name, kind, attributes } = spans.of(exchangeFlow({ role: 'server', scheme: 'https' }));
    expect({ name, kind }).toEqual({ name: 'POST', kind: SpanKind.SERVER });
    expect(attributes).toMatchObject({
      'url.scheme': 'https',
      'url.path': '/things',
      'url.query': 'colour=blue',
      'client.address': '10.0.0.1',
      'client.port': 40_000,
      'network.peer.address': '10.0.0.1',
    });
    expect(attributes).not.toHaveProperty('url.full');
  });

  it.each([
    ['client', 404, '404'],
    ['client', 503, '503'],
    ['server', 404, undefined],
    ['server', 500, '500'],
    ['server', 302, undefined],
  ] as const)('of a %s with status %i has the error %s', (role, status, errorType) => {
    const span = spans.of(exchangeFlow({ role, response: responseOf({ status }) }));
    expect(span.attributes['error.type']).toBe(errorType);
    expect(span.status.code).toBe(errorType === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
  });

  it('without a response says why, and what is missing', () => {
    const { response: _, ...flow } = exchangeFlow({
      error: { code: 'reset', message: 'It was reset.' },
      complete: false,
    });
    const span = spans.of(flow);
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'It was reset.' });
    expect(span.attributes).toMatchObject({ 'error.type': 'reset', 'flowtap.flow.missing': ['response', 'end'] });
  });

  it('has no name of a method that nobody knows, and the default port of its scheme', () => {
    const request = requestOf({ method: 'BREW', authority: 'pot' });
    const { destination: _, ...flow } = exchangeFlow({ request });
    const { name, attributes } = spans.of(flow);
    expect(name).toBe('HTTP');
    expect(attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'BREW',
      'server.address': 'pot',
      'server.port': 80,
    });
  });

  it('has texts of a limited length', () => {
    const request = requestOf({ target: `/${'x'.repeat(100_000)}` });
    expect(String(spans.of(exchangeFlow({ request })).attributes['url.full']).length).toBe(4096);
  });
});

describe('times', () => {
  it('are those of the flow, to the microsecond and to the nanosecond', () => {
    const span = spans.of(exchangeFlow({ startTimeMs: 1_764_000_000_999.873, durationMs: 12_345.678901 }));
    expect(span.startTime).toEqual([1_764_000_000, 999_873_000]);
    expect(span.duration).toEqual([12, 345_678_901]);
    expect(span.endTime).toEqual([1_764_000_013, 345_551_901]);
  });
});

describe('the trace', () => {
  it('is that of the request’s traceparent, below the span that sent it', () => {
    const span = spans.of(
      withHeaders(['TraceParent', `00-${TRACE}-${SPAN}-01`], ['tracestate', 'a=1'], ['tracestate', 'b=2']),
    );
    expect(span.spanContext()).toMatchObject({ traceId: TRACE, traceFlags: 1 });
    expect(span.spanContext().spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(span.spanContext().spanId).not.toBe(SPAN);
    expect(span.spanContext().traceState?.serialize()).toBe('a=1,b=2');
    expect(span.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: SPAN, isRemote: true });
  });

  it('stays unsampled when the application did not sample it', () => {
    expect(spans.of(withHeaders(['traceparent', `00-${TRACE}-${SPAN}-00`])).spanContext().traceFlags).toBe(0);
  });

  it.each([
    [['traceparent', 'nonsense']],
    [['traceparent', `00-${'0'.repeat(32)}-${SPAN}-01`]],
    [
      ['traceparent', `00-${TRACE}-${SPAN}-01`],
      ['traceparent', `00-${TRACE}-${SPAN}-01`],
    ],
    [],
  ] as const)('is one of its own with the headers %j', (...headers) => {
    const span = spans.of(withHeaders(...(headers as readonly HttpHeader[])));
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext()).toMatchObject({ traceFlags: 1, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(span.spanContext().traceId).not.toBe(TRACE);
  });

  it('has the same ids when the flow comes again, and others for another flow', () => {
    const flow = exchangeFlow();
    expect(spans.of(flow).spanContext()).toEqual(spans.of(flow).spanContext());
    expect(spans.of(exchangeFlow()).spanContext().spanId).not.toBe(spans.of(flow).spanContext().spanId);
  });
});

describe('a gRPC flow', () => {
  const call = (role: 'client' | 'server', status: number, statusName: string) =>
    flowOf({
      protocol: 'grpc',
      role,
      request: { ...requestOf(), grpc: { service: 'shop.v1.Basket', method: 'Add', messages: [], messageCount: 1 } },
      response: { ...responseOf(), grpc: { status, statusName, message: 'no basket', messages: [], messageCount: 0 } },
    });

  it('has the conventions of RPC', () => {
    const span = spans.of(call('client', 0, 'OK'));
    expect(span.name).toBe('shop.v1.Basket/Add');
    expect(span.attributes).toMatchObject({
      'rpc.system.name': 'grpc',
      'rpc.method': 'shop.v1.Basket/Add',
      'rpc.status_code': 'OK',
      'server.address': 'localhost',
    });
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('has the error of a client that is none of the server', () => {
    expect(spans.of(call('client', 5, 'NOT_FOUND')).status).toEqual({
      code: SpanStatusCode.ERROR,
      message: 'no basket',
    });
    expect(spans.of(call('server', 5, 'NOT_FOUND')).status.code).toBe(SpanStatusCode.UNSET);
    expect(spans.of(call('server', 13, 'INTERNAL')).attributes['error.type']).toBe('INTERNAL');
  });
});

describe('a database flow', () => {
  const statement = (request: Partial<SqlRequest>, response: Partial<SqlResponse> = {}) =>
    flowOf({
      protocol: 'postgresql',
      scheme: 'postgresql',
      request: { kind: 'sql', operation: 'query', ...request },
      response: { kind: 'sql', results: [], ...response },
    });

  it('has the conventions of SQL, without values', () => {
    const span = spans.of(statement({ sql: "select * from users where mail = 'a@b'", database: 'shop', user: 'me' }));
    expect(span.name).toBe('SELECT shop');
    expect(span.attributes).toMatchObject({
      'db.system.name': 'postgresql',
      'db.namespace': 'shop',
      'db.operation.name': 'SELECT',
      'db.query.text': 'select * from users where mail = ?',
      'server.address': '::1',
      'server.port': 8080,
    });
  });

  it('has the refusal of the server', () => {
    const span = spans.of(statement({ sql: 'selec 1' }, { error: { code: '42601', message: 'syntax error' } }));
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'syntax error' });
    expect(span.attributes).toMatchObject({ 'db.response.status_code': '42601', 'error.type': '42601' });
  });

  it('is named by what was asked for where there is no statement', () => {
    expect(spans.of(statement({ operation: 'ping' })).name).toBe('ping [::1]:8080');
  });

  it('of Redis has the command and no arguments', () => {
    const span = spans.of(
      flowOf({
        protocol: 'redis',
        scheme: 'redis',
        request: { kind: 'redis', command: 'SET', arguments: ['key', 'secret'], argumentCount: 2 },
        response: { kind: 'redis', error: { code: 'OOM', message: 'OOM no memory' } },
      }),
    );
    expect(span.name).toBe('SET [::1]:8080');
    expect(span.attributes).toMatchObject({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.query.text': 'SET ? ?',
      'error.type': 'OOM',
    });
    expect(JSON.stringify(span.attributes)).not.toContain('secret');
  });
});

it('tells of any other protocol what is known of all', () => {
  const span = spans.of(flowOf({ protocol: 'nats', request: { subject: 'a' }, response: {} }));
  expect(span.name).toBe('nats');
  expect(span.attributes).toMatchObject({ 'network.protocol.name': 'nats', 'server.port': 8080 });
});

it('tells of a connection that could not be read, without calling it an error', () => {
  const span = spans.of(opaqueFlow({ sni: 'example.org', role: 'client' }));
  expect(span).toMatchObject({ name: 'TLS', kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
  expect(span.attributes).toMatchObject({
    'network.protocol.name': 'tls',
    'server.address': 'example.org',
    'flowtap.flow.missing': ['plaintext'],
  });
});

describe('the resource', () => {
  it('is the process', () => {
    expect(spans.of(exchangeFlow()).resource.attributes).toEqual({
      'service.name': 'curl',
      'host.name': hostname(),
      'process.pid': 1234,
      'process.executable.name': 'curl',
      'process.executable.path': '/usr/bin/curl',
    });
  });

  it('is the container where there is one, by the name that Compose gives it', () => {
    const container = { id: 'c0ffee', name: 'shop-web-1', image: 'nginx:1' };
    expect(spans.of(exchangeFlow({ container })).resource.attributes).toMatchObject({
      'service.name': 'shop-web-1',
      'container.id': 'c0ffee',
      'container.name': 'shop-web-1',
      'container.image.name': 'nginx:1',
    });
    const labels = { 'com.docker.compose.service': 'web' };
    const labelled = exchangeFlow({ container: { ...container, id: 'beef', labels } });
    expect(spans.of(labelled).resource.attributes['service.name']).toBe('web');
  });

  it('is one for all spans of a process, so that they are sent together', () => {
    expect(spans.of(exchangeFlow()).resource).toBe(spans.of(exchangeFlow()).resource);
  });

  it('is not remembered without a limit', () => {
    const first = spans.of(exchangeFlow()).resource;
    for (let pid = 10_000; pid < 12_000; pid += 1) spans.of(exchangeFlow({ process: { pid, comm: 'x' } }));
    expect(spans.of(exchangeFlow()).resource).not.toBe(first);
  });
});
