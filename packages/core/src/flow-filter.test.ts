// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { exchangeFlow, opaqueFlow, requestOf, responseOf } from '../test/sample-flows.js';
import { ConfigError } from './errors.js';
import { createFlowFilter, type FlowFilter } from './flow-filter.js';

const to = (authority: string) => exchangeFlow({ request: requestOf({ authority }) });
const answered = (status: number) => exchangeFlow({ response: responseOf({ status }) });

describe('host', () => {
  it.each([
    ['example.com', 'example.com', true],
    ['EXAMPLE.com', 'Example.COM:8080', true],
    ['example.com', 'www.example.com', false],
    ['example.com', 'notexample.com', false],
    ['*.example.com', 'www.example.com:443', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'notexample.com', false],
    ['::1', '[::1]:8443', true],
    ['[::1]', '[::1]:8443', true],
    ['localhost:8080', 'localhost:8080', true],
    ['localhost:8080', 'localhost:8081', false],
  ])('%s for %s is %s', (host, authority, expected) => {
    expect(createFlowFilter({ host })(to(authority))).toBe(expected);
  });

  it('is the address where the request names none', () => {
    const { authority: _, ...request } = requestOf();
    expect(createFlowFilter({ host: '::1' })(exchangeFlow({ request }))).toBe(true);
  });

  it('is the server name of an opaque connection', () => {
    expect(createFlowFilter({ host: '*.org' })(opaqueFlow({ sni: 'example.org' }))).toBe(true);
  });

  it('is the other end of an opaque connection of which nobody saw who began it', () => {
    const { source: _, destination: __, ...ends } = opaqueFlow({ role: 'unknown' });
    const flow = { ...ends, remote: { address: '10.0.0.7', port: 443 } };
    expect(createFlowFilter({ host: '10.0.0.7' })(flow)).toBe(true);
    expect(createFlowFilter({ host: '10.0.0.8' })(flow)).toBe(false);
  });
});

it.each([
  ['404', 404, true],
  [404, 404, true],
  ['404', 405, false],
  ['5xx', 599, true],
  ['5XX', 500, true],
  ['5xx', 499, false],
  ['400-403', 403, true],
  ['400-403', 404, false],
])('status %s for %i is %s', (wanted, status, expected) => {
  expect(createFlowFilter({ status: wanted })(answered(status))).toBe(expected);
});

it('wants a response when it wants a status', () => {
  const { response: _, ...flow } = exchangeFlow();
  expect(createFlowFilter({ status: '2xx' })(flow)).toBe(false);
  expect(createFlowFilter({ status: '2xx' })(opaqueFlow())).toBe(false);
});

it('takes methods in any case, one or several', () => {
  expect(createFlowFilter({ method: 'get' })(exchangeFlow())).toBe(true);
  expect(createFlowFilter({ method: ['POST', 'PUT'] })(exchangeFlow())).toBe(false);
});

it('wants all criteria to hold', () => {
  expect(createFlowFilter({ host: 'localhost', status: 200, method: 'GET' })(exchangeFlow())).toBe(true);
  expect(createFlowFilter({ host: 'localhost', status: 500, method: 'GET' })(exchangeFlow())).toBe(false);
  expect(createFlowFilter({})(opaqueFlow())).toBe(true);
});

it('takes a predicate', () => {
  expect(createFlowFilter((flow) => flow.tls)(exchangeFlow())).toBe(true);
});

it.each([
  { status: '6' },
  { status: 'xx' },
  { status: '500-400' },
  { status: Number.NaN },
  { status: 99 },
  { host: '' },
  { host: 'a.*.com' },
  { host: 'http://x/' },
  { method: '' },
  { method: [] },
  { method: 'GET IT' },
  { path: '/x' } as FlowFilter,
])('refuses %j', (filter) => {
  expect(() => createFlowFilter(filter)).toThrow(ConfigError);
  expect(() => createFlowFilter(filter)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID_OPTION' }));
});
