// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { expect as jestExpect } from 'expect';
import { describe, expect, it } from 'vitest';
import { bodyOf, exchangeFlow, opaqueFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import type { Flow } from '../flow/flow.js';
import { expectFlow, type FlowMatchers, flowMatchers } from './expect-flow.js';
import type { ExpectedFlow } from './expect-flow-checks.js';

declare module 'vitest' {
  interface Matchers<T> extends FlowMatchers<T> {}
}

declare module 'expect' {
  interface Matchers<R> extends FlowMatchers<R> {}
}

expect.extend(flowMatchers);
jestExpect.extend(flowMatchers);

const order = exchangeFlow({
  request: requestOf({
    method: 'POST',
    target: '/orders?x=1',
    headers: [
      ['Content-Type', 'application/json'],
      ['Accept', 'text/plain'],
      ['Accept', 'text/html'],
    ],
    body: bodyOf('{"item":"tea","count":2}'),
  }),
  response: responseOf({
    status: 201,
    headers: [['Location', '/orders/7']],
    body: bodyOf(gzipSync('made'), { contentEncoding: 'gzip' }),
  }),
});
const broken = exchangeFlow({
  request: requestOf({ target: '/orders' }),
  response: responseOf({ status: 500, body: bodyOf(Buffer.from([1, 255])) }),
});
const statement = {
  ...exchangeFlow(),
  protocol: 'postgresql',
  scheme: 'postgresql',
  request: { kind: 'sql', operation: 'query', sql: 'select 1' },
  response: { kind: 'sql', results: [] },
} as unknown as Flow;
const flows: readonly Flow[] = [order, broken, opaqueFlow({ sni: 'example.org' }), statement];

const messageOf = (assertion: () => void): string => {
  try {
    assertion();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe.each([
  ['Vitest', expect],
  ['Jest', jestExpect],
] as const)('with the expect of %s', (_, expectOf) => {
  it('tells flows that are there from flows that are not', () => {
    expectOf(flows).toHaveFlow({ method: 'POST', path: '/orders', status: 201 });
    expectOf(flows).not.toHaveFlow({ method: 'POST', status: 500 });
    expectOf(flows).toHaveNoFlow({ method: 'PUT' });
    expectOf(flows).not.toHaveNoFlow({ status: '5xx' });
    expectOf(flows).toHaveFlowTimes({ path: '/orders' }, 2);
    expectOf(flows).not.toHaveFlowTimes({ path: '/orders' }, 1);
    expectOf([]).toHaveNoFlow();
    expectOf(flows).toHaveFlow();
  });

  it('compares JSON as the runner does, with its own placeholders', () => {
    const containing = (expectOf as typeof expect).objectContaining({ item: 'tea' });
    expectOf(flows).toHaveFlow({ requestBody: containing });
    expectOf(flows).not.toHaveFlow({ requestBody: { item: 'tea' } });
  });

  it.each([
    ['toHaveFlow', () => expectOf(flows).toHaveFlow({ method: 'PUT' })],
    ['not.toHaveFlow', () => expectOf(flows).not.toHaveFlow({ method: 'POST' })],
    ['toHaveFlowTimes', () => expectOf(flows).toHaveFlowTimes({ method: 'POST' }, 2)],
    ['not.toHaveFlowTimes', () => expectOf(flows).not.toHaveFlowTimes({ method: 'POST' }, 1)],
    ['toHaveNoFlow', () => expectOf(flows).toHaveNoFlow()],
    ['not.toHaveNoFlow', () => expectOf(flows).not.toHaveNoFlow({ method: 'PUT' })],
  ])('%s fails', (__, assertion) => {
    expect(assertion).toThrow(/^expected /);
  });
});

describe('an expectation', () => {
  it.each<[ExpectedFlow, boolean]>([
    [{ url: 'https://localhost:8443/orders?x=1' }, true],
    [{ url: /orders\?x/ }, true],
    [{ url: 'https://localhost:8443/orders' }, false],
    [{ host: 'localhost', port: 8443, process: 'curl', protocol: 'http/1.1' }, true],
    [{ requestHeaders: { 'content-type': /json$/, ACCEPT: 'text/html' } }, true],
    [{ requestHeaders: { accept: 'text' } }, false],
    [{ responseHeaders: { location: '/orders/7' } }, true],
    [{ responseHeaders: { 'x-none': /.*/ } }, false],
    [{ requestBody: '{"item":"tea","count":2}' }, true],
    [{ requestBody: { count: 2, item: 'tea' } }, true],
    [{ requestBody: { count: 3, item: 'tea' } }, false],
    [{ requestBody: /tea/ }, true],
    [{ responseBody: 'made' }, true],
    [{ responseBody: Buffer.from('made') }, true],
    [{ responseBody: ['made'] }, false],
    [{ whole: true }, true],
    [{ whole: false }, false],
    [{ sql: 'select 1' }, false],
    [{ method: undefined } as unknown as ExpectedFlow, true],
  ])('%j of an HTTP flow is %s', (expected, isMet) => {
    if (isMet) expect([order]).toHaveFlow(expected);
    else expect([order]).not.toHaveFlow(expected);
  });

  it('can be of a statement, of bytes, of what is missing', () => {
    expect([statement]).toHaveFlow({ sql: /^select/, protocol: 'postgresql' });
    expect([broken]).toHaveFlow({ responseBody: Buffer.from([1, 255]) });
    expect([broken]).not.toHaveFlow({ responseBody: 'x' });
    expect([opaqueFlow()]).toHaveFlow({ whole: false, protocol: 'tls' });
  });

  it('is refused when it means nothing', () => {
    expect(() => expect(flows).toHaveFlow({ methd: 'GET' } as ExpectedFlow)).toThrow(
      "Nothing is known of 'methd' in an expected flow. What can be expected are method, host",
    );
    expect(() => expect(flows).toHaveFlow({ status: '6xxx' })).toThrow('status cannot be');
    expect(() => expect({ flows }).toHaveFlow()).toThrow('is no list of flows. Collect them first');
  });
});

describe('a failure tells', () => {
  it('what was captured instead, the nearest first, and what is different', () => {
    const expected = { method: 'POST', path: '/orders', status: 500, requestBody: { item: 'tea', count: 2 } };
    expect(messageOf(() => expect(flows).toHaveFlow(expected))).toBe(
      `expected a flow with
  method: "POST"
  path: "/orders"
  status: 500
  requestBody: {"item":"tea","count":2}
but what was captured is:
  ✗ POST https://localhost:8443/orders?x=1 → 201, curl (1234)
      status: 201
  ✗ GET https://localhost:8443/orders → 500, curl (1234)
      method: "GET"
      requestBody: ""
  ✗ encrypted, not readable: example.org, curl (1234)
      method: nothing
      path: nothing
      status: nothing
      requestBody: nothing
  ✗ postgresql [::1]:8443 select 1 → answered, curl (1234)
      method: nothing
      path: nothing
      status: nothing
      requestBody: nothing`,
    );
  });

  it('placeholders of the runner in words', () => {
    const requestBody = expect.objectContaining({ item: 'coffee', id: expect.any(Number) });
    expect(messageOf(() => expect(flows).toHaveFlow({ requestBody }))).toContain(
      'requestBody: {"ObjectContaining":{"item":"coffee","id":"Any<Number>"}}',
    );
  });

  it('that nothing was captured', () => {
    expect(messageOf(() => expect([]).toHaveFlow({ port: 80 }))).toBe(
      'expected a flow with\n  port: 80\nbut no flow was captured.',
    );
  });

  it('which flows are too many, and how many', () => {
    expect(messageOf(() => expect(flows).toHaveFlowTimes({ path: '/orders' }, 1))).toMatch(
      /^expected 1 flow, not 2, with\n {2}path: "\/orders"\nbut what was captured is:\n {2}✓ POST .*\n {2}✓ GET /,
    );
    expect(messageOf(() => expect(flows).toHaveNoFlow({ status: '5xx' }))).toBe(
      'expected no flow with\n  status: "5xx"\nbut there is 1:\n  GET https://localhost:8443/orders → 500, curl (1234)',
    );
  });

  it('no more than a reader can take', () => {
    const many = Array.from({ length: 500 }, () =>
      exchangeFlow({ request: requestOf({ body: bodyOf('x'.repeat(5000)) }) }),
    );
    const message = messageOf(() => expect(many).toHaveFlow({ requestBody: 'y'.repeat(5000) }));
    expect(message).toContain('… and 490 more');
    expect(message.length).toBeLessThan(5000);
  });
});

describe('expectFlow', () => {
  it('gives the first flow that is as expected, for any test runner', () => {
    expect(expectFlow(flows, { path: '/orders' })).toBe(order);
    expect(expectFlow(flows, { requestBody: { item: 'tea', count: 2 } })).toBe(order);
  });

  it('says what was captured instead', () => {
    expect(() => expectFlow(flows, { status: 404 })).toThrow(
      expect.objectContaining({ name: 'AssertionError', message: expect.stringContaining('status: 201') }),
    );
  });
});
