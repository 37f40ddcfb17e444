// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exchangeFlow, flowArbitrary, opaqueFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import { ConfigError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import { isHttpFlow } from '../http/http-flow.js';
import type { HttpHeader } from '../http/http-message.js';
import { flowToJson } from '../json/flow-json.js';
import { createRedactor } from './redact.js';

const key = Buffer.from('a key of sixteen');
const tag = (value: string) => `[redacted:${createHmac('sha256', key).update(value).digest('hex').slice(0, 8)}]`;
const redact = createRedactor({}, key);
const withHeader = (...header: HttpHeader) => exchangeFlow({ request: requestOf({ headers: [header] }) });
const headerOf = (flow: Flow) => (isHttpFlow(flow) ? flow.request?.headers[0]?.[1] : undefined);
const targetOf = (target: string, redactor = redact) => {
  const flow = redactor(exchangeFlow({ request: requestOf({ target }) }));
  return isHttpFlow(flow) ? flow.request?.target : undefined;
};

describe('headers', () => {
  it.each([
    ['Authorization', 'Bearer abc.def', `Bearer ${tag('abc.def')}`],
    ['AUTHORIZATION', 'Basic dXNlcjpwYXNz', `Basic ${tag('dXNlcjpwYXNz')}`],
    ['authorization', 'Digest username="a", response="b"', `Digest ${tag('username="a", response="b"')}`],
    ['Authorization', 'raw-token', tag('raw-token')],
    ['Authorization', 'sk_live_secret with blanks', tag('sk_live_secret with blanks')],
    ['Proxy-Authorization', 'Basic x', `Basic ${tag('x')}`],
    ['X-Api-Key', 'k', tag('k')],
    // A name that was not captured may be any of them.
    ['(unknown)', 'k', tag('k')],
    ['Cookie', 'a=1; session=s3cret', `a=${tag('1')}; session=${tag('s3cret')}`],
    ['Cookie', 'a=b=c;d;e=; f="g"', `a=${tag('b=c')};${tag('d')};e=; f=${tag('"g"')}`],
    ['Set-Cookie', 'id=v; Path=/; HttpOnly', `id=${tag('v')}; Path=/; HttpOnly`],
    ['Set-Cookie', 'id=v', `id=${tag('v')}`],
    ['Referer', 'https://u:p@h/x?token=t&a=1', `https://${tag('u:p')}@h/x?token=${tag('t')}&a=1`],
    ['Location', '/cb#access_token=t&state=s', `/cb#access_token=${tag('t')}&state=s`],
  ])('%s: %s', (name, value, expected) => {
    expect(headerOf(redact(withHeader(name, value)))).toBe(expected);
  });

  it.each([
    ['Authorization', ''],
    ['Cookie', ''],
    ['X-Api-Keys', 'k'],
    ['Accept', '*/*'],
    ['Set-Cookie', 'gone=; Max-Age=0'],
    ['Referer', 'https://h/x?a=1'],
  ])('leaves %s: %s, and the very object', (name, value) => {
    const flow = withHeader(name, value);
    expect(redact(flow)).toBe(flow);
  });

  it('are redacted in responses and trailers', () => {
    const response = responseOf({ headers: [['Set-Cookie', 'a=1']], trailers: [['X-Api-Key', 'k']] });
    const flow = redact(exchangeFlow({ response }));
    expect(flow).toMatchObject({
      response: { headers: [['Set-Cookie', `a=${tag('1')}`]], trailers: [['X-Api-Key', tag('k')]] },
    });
  });

  it('can be added', () => {
    const more = createRedactor({ headers: ['X-Internal', 'cookie'] }, key);
    expect(headerOf(more(withHeader('x-INTERNAL', 'v')))).toBe(tag('v'));
    expect(headerOf(more(withHeader('Cookie', 'a=1')))).toBe(`a=${tag('1')}`);
  });

  it('gives a cookie the same tag when it is set and when it is sent', () => {
    expect(headerOf(redact(withHeader('Set-Cookie', 's=x; Path=/')))?.split(';')[0]).toBe(
      headerOf(redact(withHeader('Cookie', 's=x'))),
    );
  });
});

describe('request targets', () => {
  it.each([
    ['/a?access_token=t', `/a?access_token=${tag('t')}`],
    ['/a?x=1&API_KEY=k&y=2', `/a?x=1&API_KEY=${tag('k')}&y=2`],
    ['/a?sig=a%2Bb=&token=', `/a?sig=${tag('a%2Bb=')}&token=`],
    ['/a?access%5Ftoken=t', `/a?access%5Ftoken=${tag('t')}`],
    ['/a?%zz=1&password=p;pwd=q', `/a?%zz=1&password=${tag('p')};pwd=${tag('q')}`],
    ['/a?b?token=t', `/a?b?token=${tag('t')}`],
    ['http://user:pass@host/p?token=t', `http://${tag('user:pass')}@host/p?token=${tag('t')}`],
    ['http://user@host', `http://${tag('user')}@host`],
  ])('%s', (target, expected) => {
    expect(targetOf(target)).toBe(expected);
  });

  it.each([
    '/',
    '/token=t',
    '/a?b=c',
    '/a?tokens=1&tok=2',
    '/a?',
    '*',
    'host:443',
    '/x@y://z',
    'http://h/a@b',
    '/?=&=x&&',
  ])('leaves %s, and the very object', (target) => {
    const flow = exchangeFlow({ request: requestOf({ target }) });
    expect(redact(flow)).toBe(flow);
  });

  it('can name more parameters', () => {
    expect(targetOf('/?Ticket=1', createRedactor({ queryParameters: ['ticket'] }, key))).toBe(`/?Ticket=${tag('1')}`);
  });

  it.each([`/?${'token=&'.repeat(100_000)}x`, `/?${'&'.repeat(200_000)}=a`])('take linear time', (target) => {
    const start = performance.now();
    expect(targetOf(target)).toBe(target);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

it('redacts user information in the authority', () => {
  const flow = redact(exchangeFlow({ request: requestOf({ authority: 'u:p@host:1' }) }));
  expect(flow).toMatchObject({ request: { authority: `${tag('u:p')}@host:1` } });
});

it('never changes what it is given, and lets no secret through', () => {
  fc.assert(
    fc.property(flowArbitrary, fc.stringMatching(/^[a-z]{20}$/), (flow, secret) => {
      if (flow.kind !== 'flow') return;
      const request = {
        ...requestOf(),
        target: `/?token=${secret}`,
        headers: [['Cookie', `a=${secret}`]] as HttpHeader[],
      };
      const given: Flow = { ...flow, request };
      const before = flowToJson(given);
      expect(flowToJson(redact(given))).not.toContain(secret);
      expect(flowToJson(given)).toBe(before);
    }),
    { numRuns: 50 },
  );
});

it('leaves opaque connections and other protocols alone', () => {
  const other = { ...exchangeFlow(), protocol: 'redis', request: { command: 'AUTH' } } as unknown as Flow;
  expect(redact(other)).toBe(other);
  const opaque = opaqueFlow();
  expect(redact(opaque)).toBe(opaque);
});

it('depends on the key', () => {
  const flow = withHeader('X-Api-Key', 'k');
  expect(headerOf(createRedactor({}, Buffer.from('other'))(flow))).not.toBe(tag('k'));
});

it.each([{ headers: [' '] }, { queryParameters: [''] }])('refuses %j', (options) => {
  expect(() => createRedactor(options, key)).toThrow(ConfigError);
});
