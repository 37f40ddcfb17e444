// SPDX-License-Identifier: Apache-2.0
import { type ExchangeFlow, HttpBody, type OpaqueFlow } from '@flowtap/core';
import { describe, expect, it } from 'vitest';
import { createWhere, type FlowFilterOptions } from './flow-filter.js';
import { parseCriteria, parseSample } from './options/criterion.js';

const envelope = {
  schema: 1,
  id: '6f9c7d0e-0000-4000-8000-000000000001',
  tls: true,
  role: 'client',
  startTimeMs: 0,
  durationMs: 1,
  process: { pid: 7, comm: 'curl' },
  connectionId: 1,
} as const;
const message = { httpVersion: '1.1', headers: [], body: HttpBody.empty };
const answered: ExchangeFlow = {
  ...envelope,
  kind: 'flow',
  protocol: 'http/1.1',
  scheme: 'https',
  destination: { address: '::1', port: 443 },
  request: { ...message, method: 'GET', target: '/users/7?x', authority: 'example.org' },
  response: { ...message, status: 404, reason: 'Not Found' },
  complete: true,
};
const { response: _, ...unanswered } = answered;
const opaque: OpaqueFlow = {
  ...envelope,
  kind: 'opaque',
  protocol: 'tls',
  sni: 'example.org',
  bytes: { ingress: 1, egress: 1 },
  reason: { code: 'unread', message: 'no library that can be read' },
};

const host = (text: string): FlowFilterOptions => ({ host: parseCriteria('host', text) });
const method = (text: string): FlowFilterOptions => ({ method: parseCriteria('method', text) });
const path = (text: string): FlowFilterOptions => ({ path: parseCriteria('path', text) });
const port = (text: string): FlowFilterOptions => ({ port: parseCriteria('port', text) });
const program = (text: string): FlowFilterOptions => ({ process: parseCriteria('process', text) });
const status = (text: string): FlowFilterOptions => ({ status: parseCriteria('status', text) });

describe('createWhere', () => {
  it('is absent when there is nothing to filter, so that nothing is paid for it', () => {
    expect(createWhere({})).toBeUndefined();
  });

  it.each<[string, FlowFilterOptions, boolean]>([
    ['the host', host('example.org'), true],
    ['another host', host('example.com'), false],
    ['the status', status('4xx'), true],
    ['another status', status('200,5xx'), false],
    ['the method in lower case', method('get'), true],
    ['one of two methods', method('POST,GET'), true],
    ['another method', method('POST'), false],
    ['the path', path('/users/*'), true],
    ['another path', path('/orders/*'), false],
    ['one of two ports', port('80,443'), true],
    ['another port', port('80'), false],
    ['the process by name or id', program('wget,7'), true],
    ['another process', program('wget'), false],
    ['all of them', { sample: parseSample('100%') }, true],
    ['next to none of them', { sample: parseSample('0.0000001%') }, false],
    ['host and another status', { ...host('example.org'), ...status('200') }, false],
    ['host, status and method', { ...host('example.org'), ...status('404'), ...method('GET') }, true],
  ])('asked for %s', (_name, options, shown) => {
    expect(createWhere(options)?.(answered)).toBe(shown);
  });

  it('does not show an unanswered request when a status is asked for', () => {
    expect(createWhere(status('4xx'))?.(unanswered)).toBe(false);
    expect(createWhere(method('GET'))?.(unanswered)).toBe(true);
  });

  it('knows an encrypted connection by its server name only', () => {
    expect(createWhere(host('example.org'))?.(opaque)).toBe(true);
    expect(createWhere({ ...host('example.org'), ...method('GET') })?.(opaque)).toBe(false);
    expect(createWhere(status('200'))?.(opaque)).toBe(false);
  });
});
