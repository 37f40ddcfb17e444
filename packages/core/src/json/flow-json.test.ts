// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exchangeFlow, flowArbitrary, opaqueFlow } from '../../test/sample-flows.js';
import { sqlFlow, sqlFlowArbitrary } from '../../test/sql-flows.js';
import type { Flow, OpaqueFlow } from '../flow/flow.js';
import { HttpBody } from '../http/http-body.js';
import type { HttpFlow } from '../http/http-flow.js';
import type { HttpRequest, HttpResponse } from '../http/http-message.js';
import { flowToJson } from './flow-json.js';

const schema: object = JSON.parse(readFileSync(new URL('../../schema/flow.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ allErrors: true }).compile(schema);

/** The same JSON by way of a plain object. */
function plain(flow: HttpFlow | OpaqueFlow): object {
  const time = flow.startTimeMs;
  const microseconds = Math.round(time * 1000);
  const message = (m: HttpRequest | HttpResponse | undefined) =>
    m &&
    ('method' in m
      ? { method: m.method, target: m.target, authority: m.authority, ...messageRest(m) }
      : { status: m.status, reason: m.reason, ...messageRest(m), eventStream: m.eventStream });
  const messageRest = (m: HttpRequest | HttpResponse) => ({
    httpVersion: m.httpVersion,
    headers: m.headers,
    trailers: m.trailers,
    body: m.body,
  });
  return {
    schema: 1,
    kind: flow.kind,
    id: flow.id,
    protocol: flow.protocol,
    ...(flow.kind === 'flow' ? { scheme: flow.scheme } : {}),
    tls: flow.tls,
    role: flow.role,
    startTime: `${new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, -1)}${String((microseconds % 1000) + 1000).slice(1)}Z`,
    durationMs: Number(flow.durationMs.toFixed(3)),
    source: flow.source,
    destination: flow.destination,
    process: {
      pid: flow.process.pid,
      comm: flow.process.comm,
      exe: flow.process.exe,
      containerId: flow.process.containerId,
    },
    container: flow.container && {
      id: flow.container.id,
      name: flow.container.name,
      image: flow.container.image,
      labels: flow.container.labels,
    },
    sourceContainer: flow.sourceContainer,
    destinationContainer: flow.destinationContainer,
    connectionId: flow.connectionId,
    ...(flow.fdSource === undefined ? {} : { fdSource: flow.fdSource }),
    ...(flow.kind === 'flow'
      ? {
          request: message(flow.request),
          response: message(flow.response),
          messages: flow.messages,
          messageCount: flow.messageCount,
          messagesLost: flow.messagesLost,
          complete: flow.complete,
        }
      : {
          local: flow.local,
          remote: flow.remote,
          sni: flow.sni,
          alpn: flow.alpn,
          bytes: flow.bytes,
          reason: flow.reason,
        }),
    error: flow.error,
    gaps: flow.gaps,
  };
}

describe('the JSON of a flow', () => {
  it('is what JSON.stringify gives, and satisfies the schema', () => {
    fc.assert(
      fc.property(flowArbitrary, (flow) => {
        const json = flowToJson(flow);
        expect(json).toBe(JSON.stringify(plain(flow)));
        expect(validate(JSON.parse(json)), JSON.stringify(validate.errors)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('satisfies the schema with the messages of a database', () => {
    fc.assert(
      fc.property(sqlFlowArbitrary, (flow) => {
        expect(validate(JSON.parse(flowToJson(flow))), JSON.stringify(validate.errors)).toBe(true);
      }),
    );
    const { request, response } = JSON.parse(
      flowToJson(sqlFlow({ parameters: [null, 'x', new Uint8Array([255])] }, { results: [{ rowCount: 3 }] })),
    );
    expect(request.parameters).toEqual([null, 'x', { base64: '/w==' }]);
    expect(response).toEqual({ kind: 'sql', results: [{ rowCount: 3 }] });
    const wrong = { ...JSON.parse(flowToJson(sqlFlow({}))), request: { kind: 'sql', parameters: [1] } };
    expect(validate(wrong)).toBe(false);
  });

  it('has this order and these names', () => {
    const flow = exchangeFlow({
      request: {
        method: 'POST',
        target: '/a?b=c',
        authority: 'localhost:8443',
        httpVersion: '1.1',
        headers: [
          ['Host', 'localhost:8443'],
          ['X-Twice', '1'],
          ['X-Twice', '2'],
        ],
        trailers: [['X-Sum', '"\\']],
        body: new HttpBody({ size: 10, truncated: true, bytes: Buffer.from([0xff]) }),
      },
      error: { code: 'some-code', message: 'Some message.' },
      gaps: [{ direction: 'egress', offset: 1, bytes: 9, reason: 'zero-copy' }],
    });
    expect(flowToJson(flow)).toBe(
      '{"schema":1,"kind":"flow","id":"0190f000-0000-7000-8000-000000000001","protocol":"http/1.1","scheme":"https",' +
        '"tls":true,"role":"client","startTime":"2026-11-22T20:20:53.000123Z","durationMs":12.346,' +
        '"source":{"address":"127.0.0.1","port":40000},"destination":{"address":"::1","port":8443},' +
        '"process":{"pid":1234,"comm":"curl","exe":"/usr/bin/curl"},"connectionId":7,' +
        '"request":{"method":"POST","target":"/a?b=c","authority":"localhost:8443","httpVersion":"1.1",' +
        '"headers":[["Host","localhost:8443"],["X-Twice","1"],["X-Twice","2"]],"trailers":[["X-Sum","\\"\\\\"]],' +
        '"body":{"size":10,"captured":1,"truncated":true,"base64":"/w=="}},' +
        '"response":{"status":200,"reason":"OK","httpVersion":"1.1","headers":[["Content-Type","text/plain"]],' +
        '"body":{"size":5,"captured":5,"truncated":false,"text":"hello"}},"complete":true,' +
        '"error":{"code":"some-code","message":"Some message."},' +
        '"gaps":[{"direction":"egress","offset":1,"bytes":9,"reason":"zero-copy"}]}',
    );
  });

  it('leaves out what is not known', () => {
    const { request, response, source, destination, ...rest } = exchangeFlow();
    const json = flowToJson({ ...rest, process: { pid: 1, comm: '' } } as Flow);
    expect(json).not.toMatch(/null|undefined|request|response|source|destination|exe/);
    expect(validate(JSON.parse(json))).toBe(true);
  });

  it('has an opaque connection with its reason', () => {
    const parsed = JSON.parse(flowToJson(opaqueFlow({ sni: 'example.org', alpn: ['h2', 'http/1.1'] })));
    expect(parsed).toMatchObject({ kind: 'opaque', protocol: 'tls', sni: 'example.org', alpn: ['h2', 'http/1.1'] });
    expect(parsed).not.toHaveProperty('scheme');
    expect(validate(parsed)).toBe(true);
  });

  it('shows bodies without their content coding', () => {
    const bytes = gzipSync(Buffer.from('{"a":"é"}'));
    const body = new HttpBody({ size: bytes.length, truncated: false, contentEncoding: 'gzip', bytes });
    const response: HttpResponse = { status: 200, reason: '', httpVersion: '1.1', headers: [], body };
    expect(JSON.parse(flowToJson(exchangeFlow({ response }))).response.body.text).toBe('{"a":"é"}');
  });

  it('keeps every byte of header values apart', () => {
    const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');
    const request = { ...exchangeFlow().request, headers: [['X', value]] } as unknown as HttpRequest;
    expect(JSON.parse(flowToJson(exchangeFlow({ request }))).request.headers[0][1]).toBe(value);
  });

  it('rounds the time to microseconds without losing a carry', () => {
    const at = (startTimeMs: number) => JSON.parse(flowToJson(exchangeFlow({ startTimeMs }))).startTime;
    expect(at(1_700_000_000_999.9998)).toBe('2023-11-14T22:13:21.000000Z');
    expect(at(1_700_000_000_000)).toBe('2023-11-14T22:13:20.000000Z');
    expect(at(-1)).toBe('1969-12-31T23:59:59.999000Z');
    expect(at(1e300)).toBe('2255-03-14T16:00:00.000000Z');
    expect(at(Number.NaN)).toBe('1970-01-01T00:00:00.000000Z');
  });
});

describe('messages of a protocol that core does not know', () => {
  const jsonOf = (request: unknown) =>
    JSON.parse(flowToJson({ ...exchangeFlow(), protocol: 'redis', request } as unknown as Flow)).request;

  it('are written as they are, bytes as base64', () => {
    const request = { command: 'GET', key: Buffer.from('key'), nested: [new Uint8Array([1, 2])], big: 2n ** 64n };
    expect(jsonOf(request)).toEqual({
      command: 'GET',
      key: { base64: 'a2V5' },
      nested: [{ base64: 'AQI=' }],
      big: '18446744073709551616',
    });
  });

  it('cannot stop the output', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(jsonOf(cycle).jsonError).toContain('circular');
    expect(jsonOf(() => {})).toBeUndefined();
  });
});
