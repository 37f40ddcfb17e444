// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseOutputSpec, refuseSharedFiles } from './output-spec.js';

describe('parseOutputSpec', () => {
  it.each([
    ['stdout', { kind: 'stdout' }],
    ['json', { kind: 'json' }],
    ['jsonl:flows.jsonl', { kind: 'jsonl', path: 'flows.jsonl' }],
    ['har:/tmp/a:b.har', { kind: 'har', path: '/tmp/a:b.har' }],
  ])('%s', (text, spec) => {
    expect(parseOutputSpec('--output', text)).toEqual(spec);
  });

  it.each(['', 'xml', 'JSON', 'json:', 'stdout:x', 'file.jsonl'])('refuses %j and lists the forms', (text) => {
    expect(() => parseOutputSpec('--output', text)).toThrow('write stdout, json, jsonl:<file> or har:<file>.');
  });

  it.each(['jsonl', 'jsonl:', 'har', 'har:'])('refuses %s, which names no file', (text) => {
    expect(() => parseOutputSpec('--output', text)).toThrow(/needs a file; write (jsonl|har):/);
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
