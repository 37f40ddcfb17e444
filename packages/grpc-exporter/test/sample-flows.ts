// SPDX-License-Identifier: Apache-2.0
import { HttpBody, type HttpFlow, type HttpRequest, type HttpResponse, type OpaqueFlow } from '@flowtap/core';

export const bodyOf = (content: string | Buffer, contentEncoding?: string): HttpBody => {
  const bytes = Buffer.from(content);
  return new HttpBody({ size: bytes.length, truncated: false, bytes, contentEncoding });
};

export const requestOf = (init: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  target: '/things?colour=blue',
  authority: 'localhost:8080',
  httpVersion: '1.1',
  headers: [
    ['Host', 'localhost:8080'],
    ['Content-Type', 'application/json'],
    ['X-Twice', 'one'],
    ['X-Twice', 'two'],
  ],
  body: bodyOf('{"name":"größer"}'),
  ...init,
});

export const responseOf = (init: Partial<HttpResponse> = {}): HttpResponse => ({
  status: 201,
  reason: 'Created',
  httpVersion: '1.1',
  headers: [['Content-Type', 'text/plain']],
  body: bodyOf('done'),
  ...init,
});

let lastId = 0;

const envelope = () => {
  lastId += 1;
  return {
    schema: 1,
    id: `0190f000-0000-7000-8000-${String(lastId).padStart(12, '0')}`,
    tls: false,
    role: 'client',
    startTimeMs: Date.UTC(2026, 10, 22, 20, 20, 53) + 0.125,
    durationMs: 12.375,
    source: { address: '10.0.0.1', port: 40000 },
    destination: { address: '::1', port: 8080 },
    process: { pid: 1234, comm: 'curl', exe: '/usr/bin/curl' },
    connectionId: 7,
  } as const;
};

/** Each has an id of its own. */
export const exchangeFlow = (init: Partial<HttpFlow> = {}): HttpFlow => ({
  ...envelope(),
  kind: 'flow',
  protocol: 'http/1.1',
  scheme: 'http',
  request: requestOf(),
  response: responseOf(),
  complete: true,
  ...init,
});

export const opaqueFlow = (init: Partial<OpaqueFlow> = {}): OpaqueFlow => ({
  ...envelope(),
  tls: true,
  kind: 'opaque',
  protocol: 'tls',
  sni: 'example.org',
  alpn: ['h2', 'http/1.1'],
  bytes: { ingress: 5000, egress: 700 },
  reason: { code: 'tls-library-unsupported', message: 'The process uses a library that Flowtap cannot read.' },
  ...init,
});
