// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { temporaryPath } from '../../test/temporary-directory.js';
import type { Exporter } from '../delivery/exporter.js';
import { har } from '../exporters/har.js';
import { jsonLines } from '../exporters/json-lines.js';
import type { Flow } from '../flow/flow.js';
import { isHttpMessage } from '../http/http-flow.js';
import { type ExporterSubject, testExporter } from './test-exporter.js';

const idsOfLines = (text: string): string[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).id);

/** Keeps the promises; a test breaks one of them. */
function subject(broken: (kept: Flow[]) => Partial<Exporter> = () => ({})): ExporterSubject {
  const kept: Flow[] = [];
  const exporter: Exporter = {
    apiVersion: 1,
    name: 'memory',
    export: async (flows) => {
      kept.push(...flows);
      return { status: 'ok' };
    },
    flush: async () => {},
    shutdown: async () => {},
    ...broken(kept),
  };
  return { exporter, delivered: () => kept.map(({ id }) => id) };
}

describe('testExporter', () => {
  it('passes an exporter that keeps the contract', () => testExporter(() => subject()));

  it.each<[string, (kept: Flow[]) => Partial<Exporter>, RegExp]>([
    ['throws', () => ({ export: () => Promise.reject(new Error('boom')) }), /a flow of every kind\] boom/],
    ['loses flows', () => ({ export: async () => ({ status: 'ok' }) }), /a flow of every kind\] after flush/],
    [
      'changes flows',
      (kept) => ({
        export: async (flows) => {
          for (const flow of flows) kept.push(Object.assign(flow, { role: 'unknown' }));
          return { status: 'ok' };
        },
      }),
      /read only property 'role'/,
    ],
    ['answers nonsense', () => ({ export: async () => ({ status: 'done' }) as never }), /export answered/],
    ['never ends', () => ({ shutdown: () => new Promise(() => {}) }), /takes more than/],
    ['has no name', () => ({ name: '' }), /a name/],
  ])('finds one that %s', async (_, broken, message) => {
    await expect(testExporter(() => subject(broken), { timeoutMs: 500 })).rejects.toThrow(message);
  });
});

describe('the exporters of this package keep the contract', () => {
  it('jsonLines to a file', async () => {
    await testExporter(() => {
      const path = temporaryPath('flows.jsonl');
      const delivered = () => (existsSync(path) ? idsOfLines(readFileSync(path, 'utf8')) : []);
      return { exporter: jsonLines({ path }), delivered };
    });
  });

  it('jsonLines to a stream', async () => {
    await testExporter(() => {
      let text = '';
      const stream = new PassThrough().setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      return { exporter: jsonLines({ stream }), delivered: () => idsOfLines(text) };
    });
  });

  it('har', async () => {
    await testExporter(() => {
      const path = temporaryPath('flows.har');
      const entries = () => JSON.parse(readFileSync(path, 'utf8')).log.entries as { readonly _id: string }[];
      return {
        exporter: har({ path }),
        delivered: () => entries().map(({ _id }) => _id),
        takes: (flow) => flow.kind === 'flow' && isHttpMessage(flow.request),
      };
    });
  });
});
