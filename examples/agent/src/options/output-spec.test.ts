// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseOutputSpec, parseServerSpec, refuseSharedFiles } from './output-spec.js';

describe('parseOutputSpec', () => {
  it.each([
    ['stdout', { kind: 'stdout' }],
    ['json', { kind: 'json' }],
    ['jsonl:flows.jsonl', { kind: 'jsonl', path: 'flows.jsonl' }],
    ['har:/tmp/a:b.har', { kind: 'har', path: '/tmp/a:b.har' }],
    ['grpc:localhost:50052', { kind: 'grpc', address: 'localhost:50052' }],
    ['flowtap:[::1]:4000', { kind: 'flowtap', address: '[::1]:4000' }],
    ['otlp:http://localhost:4318', { kind: 'otlp', url: 'http://localhost:4318' }],
    ['otlp:https://example.org/v1/traces', { kind: 'otlp', url: 'https://example.org/v1/traces' }],
    ['otlp+grpc://localhost:4317', { kind: 'otlp', url: 'grpc://localhost:4317' }],
    ['otlp+grpcs://example.org:4317', { kind: 'otlp', url: 'grpcs://example.org:4317' }],
  ])('%s', (text, spec) => {
    expect(parseOutputSpec('--output', text)).toEqual(spec);
  });

  it.each(['', 'xml', 'JSON', 'json:', 'stdout:x', 'file.jsonl'])('refuses %j and lists the forms', (text) => {
    expect(() => parseOutputSpec('--output', text)).toThrow(
      'write stdout, json, jsonl:<file>, har:<file>, grpc:<host:port>',
    );
  });

  it.each(['grpc', 'grpc:', 'flowtap'])('refuses %s, which names no server', (text) => {
    expect(() => parseOutputSpec('--output', text)).toThrow(/needs a server; write (grpc|flowtap):localhost/);
  });

  it.each(['otlp', 'otlp:', 'otlp:localhost:4318', 'otlp+grpc:localhost:4317', 'otlp+grpc://'])(
    'refuses %s, which names no receiver',
    (text) => {
      expect(() => parseOutputSpec('--output', text)).toThrow(
        'needs the URL of a receiver; write otlp:http://localhost',
      );
    },
  );

  it.each(['jsonl', 'jsonl:', 'har', 'har:'])('refuses %s, which names no file', (text) => {
    expect(() => parseOutputSpec('--output', text)).toThrow(/needs a file; write (jsonl|har):/);
  });
});

describe('parseServerSpec', () => {
  it.each([
    ['localhost:50052', { kind: 'grpc', address: 'localhost:50052' }],
    ['grpc:gui:1', { kind: 'grpc', address: 'gui:1' }],
    ['flowtap:10.0.0.1:2', { kind: 'flowtap', address: '10.0.0.1:2' }],
  ])('%s', (text, spec) => {
    expect(parseServerSpec('--server', text)).toEqual(spec);
  });
});

describe('refuseSharedFiles', () => {
  it('finds the same file behind two spellings', () => {
    const files = [
      { option: '--output', path: 'a/../flows' },
      { option: '--record', path: './flows' },
    ];
    expect(() => refuseSharedFiles(files)).toThrow("--output and --record would write to the same file './flows';");
  });

  it('lets devices be shared and options be absent', () => {
    const devices = ['/dev/null', '/dev/null', undefined, undefined].map((path) => ({ option: '--output', path }));
    expect(() => refuseSharedFiles(devices)).not.toThrow();
  });
});
