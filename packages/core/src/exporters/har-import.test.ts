// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bodyOf, exchangeFlow, flowArbitrary, opaqueFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import { temporaryPath } from '../../test/temporary-directory.js';
import type { Flow } from '../flow/flow.js';
import type { HttpHeader } from '../http/http-message.js';
import { har } from './har.js';

// What the importers of Chrome's and Firefox's developer tools read, as their sources are; a browser is not needed to check it.

interface Log {
  readonly pages: readonly unknown[];
  readonly comment?: string;
  readonly entries: readonly {
    readonly startedDateTime: string;
    readonly time: number;
    readonly request: { readonly url: string; readonly httpVersion: string; readonly headersSize: number };
    readonly response: { readonly httpVersion: string; readonly content: { readonly size: number } };
    readonly timings: Readonly<Record<string, number>>;
    readonly cache: object;
    readonly _resourceType: string;
  }[];
}

async function logOf(...flows: readonly Flow[]): Promise<Log> {
  const path = temporaryPath('imported.har');
  const exporter = har({ path });
  await exporter.start?.();
  await exporter.export(flows, { signal: new AbortController().signal });
  await exporter.shutdown();
  return JSON.parse(readFileSync(path, 'utf8')).log;
}

it('can be imported whatever the flows are', async () => {
  const { pages, entries } = await logOf(...fc.sample(flowArbitrary, { numRuns: 1000, seed: 7 }));
  // Firefox: log.pages.forEach
  expect(pages).toEqual([]);
  expect(entries.length).toBeGreaterThan(200);
  for (const { startedDateTime, time, request, response, timings, cache, _resourceType } of entries) {
    // Firefox: new URL(entry.request.url). One that throws ends the import.
    expect(() => new URL(request.url), request.url).not.toThrow();
    // Chrome: numbers that are NaN, and dates that are none, end the import.
    expect(Date.parse(startedDateTime)).not.toBeNaN();
    for (const number of [time, request.headersSize, response.content.size, ...Object.values(timings)]) {
      expect(number).toBeTypeOf('number');
    }
    // Firefox takes the sum of what is not -1 for the whole.
    const sum = Object.values(timings).reduce((total, timing) => (timing < 0 ? total : total + timing), 0);
    expect(sum).toBe(time);
    expect(cache).toEqual({});
    expect(_resourceType).toMatch(/^[a-z]+$/);
  }
});

it.each([
  [[], undefined, 'other'],
  [[], 'text/html; charset=utf-8', 'document'],
  [[], 'TEXT/CSS', 'stylesheet'],
  [[], 'application/javascript', 'script'],
  [[], 'image/svg+xml', 'image'],
  [[], 'video/mp4', 'media'],
  [[], 'font/woff2', 'font'],
  [[], 'application/json', 'fetch'],
  [[], 'application/problem+json', 'fetch'],
  [[], 'application/grpc', 'fetch'],
  [[], 'text/event-stream', 'eventsource'],
  [[['Sec-Fetch-Dest', 'empty']], 'text/html', 'fetch'],
  [[['sec-fetch-dest', 'empty']], 'text/event-stream', 'eventsource'],
  [[['sec-fetch-dest', 'script']], undefined, 'script'],
  [[['sec-fetch-dest', '__proto__']], 'image/png', 'image'],
] as readonly [HttpHeader[], string | undefined, string][])(
  'with the headers %j a response of %s is of the type %s',
  async (headers, mediaType, type) => {
    const response = responseOf({ headers: mediaType === undefined ? [] : [['Content-Type', mediaType]] });
    const { entries } = await logOf(exchangeFlow({ request: requestOf({ headers }), response }));
    expect(entries[0]?._resourceType).toBe(type);
  },
);

it('calls HTTP/2 what Chrome calls it', async () => {
  const { entries } = await logOf(
    exchangeFlow({ request: requestOf({ httpVersion: '2' }), response: responseOf({ httpVersion: '2' }) }),
  );
  expect(entries[0]).toMatchObject({ request: { httpVersion: 'HTTP/2.0' }, response: { httpVersion: 'HTTP/2.0' } });
});

it.each([
  ['a b\u00e9{', '/x y', 'https://[::1]:8443/x%20y'],
  ['[::', '/x', 'https://[::1]:8443/x'],
  ['host:99999', '/', 'https://[::1]:8443/'],
])('with the host %j has a URL that browsers can read', async (authority, target, url) => {
  const { entries } = await logOf(exchangeFlow({ request: requestOf({ authority, target }) }));
  expect(entries[0]?.request.url).toBe(url);
});

it('leaves out and counts what is not HTTP', async () => {
  const statement = {
    ...exchangeFlow(),
    protocol: 'postgresql',
    scheme: 'postgresql',
    request: { kind: 'sql', operation: 'query', sql: 'select 1' },
    response: { kind: 'sql', results: [] },
  } as unknown as Flow;
  const { entries, comment } = await logOf(
    statement,
    exchangeFlow({ response: responseOf({ body: bodyOf('x') }) }),
    statement,
    opaqueFlow(),
  );
  expect(entries).toHaveLength(1);
  expect(comment).toContain('3 flows are not here');
});
