// SPDX-License-Identifier: Apache-2.0
import { type ExchangeFlow, HttpBody, type HttpHeader } from '@flowtap/core';

const BODY = Buffer.from('{"id":1,"name":"an item","price":12.5,"tags":["a","b"]}'.padEnd(500));
const body = new HttpBody({ size: BODY.length, truncated: false, bytes: BODY });

const headers = (n: number): readonly HttpHeader[] => [
  ['Host', 'api.example.org'],
  ['User-Agent', 'bench/1.0 (a client with a name of usual length)'],
  ['Accept', 'application/json, text/plain;q=0.9'],
  ['Content-Type', 'application/json'],
  ['Content-Length', '500'],
  ['X-Request-Id', `0190f000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`],
  ['Cache-Control', 'no-cache'],
];

/** Flows of about 1.7 KB, no two with the same headers. */
export function benchFlows(count: number): readonly ExchangeFlow[] {
  return Array.from({ length: count }, (_, n) => ({
    schema: 1,
    id: `0190f000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`,
    kind: 'flow',
    protocol: 'http/1.1',
    scheme: 'http',
    tls: false,
    role: 'client',
    startTimeMs: 1_790_000_000_000 + n,
    durationMs: 1.5,
    source: { address: '10.0.0.1', port: 40_000 },
    destination: { address: '10.0.0.2', port: 80 },
    process: { pid: 1234, comm: 'client', exe: '/usr/bin/client' },
    connectionId: 1,
    request: {
      method: 'POST',
      target: `/items/${n}?colour=blue`,
      authority: 'api.example.org',
      httpVersion: '1.1',
      headers: headers(n),
      body,
    },
    response: { status: 200, reason: 'OK', httpVersion: '1.1', headers: headers(n), body },
    complete: true,
  }));
}
