// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { exchangeFlow, opaqueFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import { ConfigError } from '../errors.js';
import { createFlowIds } from '../flow/flow-id.js';
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

describe('path', () => {
  const of = (target: string, method = 'GET') => exchangeFlow({ request: requestOf({ target, method }) });

  it.each([
    ['/users/*', '/users/7?x=/1', true],
    ['/users/*', '/users/7/orders', false],
    ['/users/**', '/users/7/orders#top', true],
    ['/', 'http://other', true],
    ['/a', 'http://other/a?b', true],
    ['/', 'http://other?a/b', true],
    ['**', '*', false],
    [/^\/v\d+\//, '/v12/items', true],
    [/items/, '/?items', false],
  ])('%s for %s is %s', (path, target, expected) => {
    expect(createFlowFilter({ path })(of(target))).toBe(expected);
  });

  it('is that of a request only', () => {
    expect(createFlowFilter({ path: '**' })(of('example.com:443', 'CONNECT'))).toBe(false);
    expect(createFlowFilter({ path: '**' })(opaqueFlow())).toBe(false);
  });

  it('is searched from its beginning each time', () => {
    const test = createFlowFilter({ path: /a/g });
    expect([1, 2, 3].map(() => test(of('/a')))).toEqual([true, true, true]);
  });
});

it.each([
  [1234, true],
  ['1234', true],
  [123, false],
  ['curl', true],
  ['/usr/bin/curl', true],
  ['url', false],
  ['wget', false],
])('process %s is %s', (process, expected) => {
  expect(createFlowFilter({ process })(exchangeFlow())).toBe(expected);
});

it('takes the name of a program where a thread has one of its own', () => {
  const flow = exchangeFlow({ process: { pid: 1, comm: 'worker-3', exe: '/opt/app/server' } });
  expect(createFlowFilter({ process: 'server' })(flow)).toBe(true);
  expect(createFlowFilter({ process: 'worker-3' })(flow)).toBe(true);
});

describe('container', () => {
  const id = 'c0ffee'.repeat(11).slice(0, 64);
  const named = exchangeFlow({ container: { id, name: 'web', image: 'nginx' } });
  const unnamed = exchangeFlow({ process: { pid: 1, comm: 'x', containerId: id } });

  it.each([
    ['web', true, false],
    ['we', false, false],
    [id, true, true],
    [id.slice(0, 6).toUpperCase(), true, true],
    [id.slice(0, 5), false, false],
  ])('%s', (container, ofNamed, ofUnnamed) => {
    const test = createFlowFilter({ container });
    expect([test(named), test(unnamed), test(exchangeFlow())]).toEqual([ofNamed, ofUnnamed, false]);
  });
});

describe('port', () => {
  it('is that of the server', () => {
    expect(createFlowFilter({ port: 8443 })(exchangeFlow())).toBe(true);
    expect(createFlowFilter({ port: '8443' })(exchangeFlow())).toBe(true);
    expect(createFlowFilter({ port: 40_000 })(exchangeFlow())).toBe(false);
    expect(createFlowFilter({ port: 1 })(exchangeFlow({ destination: { path: '/run/x' } }))).toBe(false);
  });

  it('is either end’s where nobody saw who began', () => {
    const { source: _, destination: __, ...ends } = opaqueFlow({ role: 'unknown' });
    const flow = { ...ends, local: { address: '::1', port: 5 }, remote: { address: '::1', port: 443 } };
    expect([5, 443, 6].map((port) => createFlowFilter({ port })(flow))).toEqual([true, true, false]);
  });
});

it('takes protocols by their names', () => {
  expect(createFlowFilter({ protocol: 'http/1.1' })(exchangeFlow())).toBe(true);
  expect(createFlowFilter({ protocol: ['grpc', 'tls'] })(exchangeFlow())).toBe(false);
  expect(createFlowFilter({ protocol: ['grpc', 'tls'] })(opaqueFlow())).toBe(true);
});

describe('a sample', () => {
  const nextId = createFlowIds();
  const flows = Array.from({ length: 20_000 }, () => exchangeFlow({ id: nextId() }));
  const sampled = (sample: number) => new Set(flows.filter(createFlowFilter({ sample })));

  it.each([0.01, 0.1, 0.5])('of %d has about so many flows', (share) => {
    const kept = sampled(share).size / flows.length;
    // Six standard deviations of a fair choice.
    expect(Math.abs(kept - share)).toBeLessThan(6 * Math.sqrt((share * (1 - share)) / flows.length));
  });

  it('is the same each time, has all when it is 1, and a larger one has the smaller one', () => {
    expect(sampled(0.1)).toEqual(sampled(0.1));
    expect(sampled(1).size).toBe(flows.length);
    const larger = sampled(0.2);
    expect([...sampled(0.1)].every((flow) => larger.has(flow))).toBe(true);
  });
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
  { path: 'users' },
  { path: '' },
  { path: '/a?b' },
  { process: '' },
  { process: 0 },
  { process: -1 },
  { process: '-1' },
  { container: '' },
  { port: 0 },
  { port: 65_536 },
  { port: 'http' },
  { port: '' },
  { protocol: '' },
  { protocol: [] },
  { sample: 0 },
  { sample: 1.1 },
  { sample: Number.NaN },
  { colour: 'blue' } as FlowFilter,
])('refuses %j', (filter) => {
  expect(() => createFlowFilter(filter)).toThrow(ConfigError);
  expect(() => createFlowFilter(filter)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID_OPTION' }));
});
