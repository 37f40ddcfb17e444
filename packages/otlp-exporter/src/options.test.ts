// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { resolveOtlpOptions } from './options.js';

describe('the URL', () => {
  it.each([
    ['http://localhost:4318', 'http', 'http://localhost:4318/v1/traces', false],
    ['http://[::1]:4318/', 'http', 'http://[::1]:4318/v1/traces', false],
    ['http://127.0.0.1:4318/otlp/v1/traces?a=b', 'http', 'http://127.0.0.1:4318/otlp/v1/traces?a=b', false],
    ['https://example.org', 'http', 'https://example.org/v1/traces', true],
    ['grpc://localhost:4317', 'grpc', 'http://localhost:4317/', false],
    ['grpcs://example.org:4317', 'grpc', 'https://example.org:4317/', true],
  ])('%s', (url, kind, resolved, isSecure) => {
    const options = resolveOtlpOptions({ url });
    expect({ kind: options.kind, url: options.url, isSecure: options.tls !== undefined }).toEqual({
      kind,
      url: resolved,
      isSecure,
    });
  });

  it.each(['', 'localhost:4318', 'ftp://localhost', 'http://', 'grpc:localhost:4317', 'http://a b'])(
    '%j is none',
    (url) => {
      expect(() => resolveOtlpOptions({ url })).toThrow('is not the URL of a receiver. Write http://host:4318');
    },
  );

  it.each([
    ['http://example.org:4318', 'Use https://'],
    ['grpc://10.0.0.1:4317', 'Use grpcs://'],
  ])('%s needs TLS, unless plaintext is asked for', (url, hint) => {
    expect(() => resolveOtlpOptions({ url })).toThrow(/is another host, and the spans would go there unencrypted\./);
    expect(() => resolveOtlpOptions({ url })).toThrow(hint);
    expect(resolveOtlpOptions({ url, plaintext: true }).tls).toBeUndefined();
  });

  it('of gRPC is encrypted when tls is given, of HTTP it must say so itself', () => {
    expect(resolveOtlpOptions({ url: 'grpc://example.org:4317', tls: {} })).toMatchObject({ tls: {}, kind: 'grpc' });
    expect(() => resolveOtlpOptions({ url: 'http://localhost', tls: {} })).toThrow('Write https://');
  });
});

it.each([
  [{ tls: { key: Buffer.from('pem') } }, 'Give both'],
  [{ token: '' }, 'token is empty'],
  [{ token: 'a\nb' }, 'token is empty, or has characters'],
  [{ callTimeoutMs: 0 }, 'callTimeoutMs cannot be 0. It is a whole number from 1'],
])('refuses %j', (options, message) => {
  expect(() => resolveOtlpOptions({ url: 'https://localhost', ...options })).toThrow(message);
});
