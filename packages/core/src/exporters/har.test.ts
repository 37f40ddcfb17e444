// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyOf, exchangeFlow, flowArbitrary, opaqueFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import { mountSmallDisk, noSmallDisk } from '../../test/small-disk.js';
import { temporaryPath } from '../../test/temporary-directory.js';
import type { Exporter } from '../delivery/exporter.js';
import type { Flow } from '../flow/flow.js';
import type { HttpRequest, HttpResponse } from '../http/http-message.js';
import { har } from './har.js';

const require = createRequire(import.meta.url);
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
addFormats.default(ajv);
for (const schema of Object.values<object>(require('har-schema'))) ajv.addSchema(schema);

const signal = new AbortController().signal;

/** Reads the file and fails when it is not a HAR. */
function read(path: string) {
  const archive = JSON.parse(readFileSync(path, 'utf8'));
  expect(ajv.validate('har.json#', archive), JSON.stringify(ajv.errors, undefined, 1)).toBe(true);
  return archive.log;
}

async function started(path: string): Promise<Exporter> {
  const exporter = har({ path });
  await exporter.start?.();
  return exporter;
}

async function entriesOf(...flows: Flow[]) {
  const path = temporaryPath('flows.har');
  const exporter = await started(path);
  expect(await exporter.export(flows, { signal })).toEqual({ status: 'ok' });
  await exporter.shutdown();
  return read(path).entries;
}

const entryOf = async (flow: Flow) => (await entriesOf(flow))[0];
const requestEntry = async (init: Partial<HttpRequest>) =>
  (await entryOf(exchangeFlow({ request: requestOf(init) }))).request;
const responseEntry = async (init: Partial<HttpResponse>) =>
  (await entryOf(exchangeFlow({ response: responseOf(init) }))).response;

describe('the file', () => {
  it('is a valid archive at any time, and private', async () => {
    const path = temporaryPath('flows.har');
    writeFileSync(path, 'x'.repeat(10_000), { mode: 0o644 });
    const exporter = await started(path);
    expect(read(path).entries).toEqual([]);
    for (let i = 1; i <= 3; i++) {
      await exporter.export([exchangeFlow({ id: `${i}a` }), opaqueFlow(), exchangeFlow({ id: `${i}b` })], { signal });
      expect(read(path).entries).toHaveLength(2 * i);
    }
    await exporter.shutdown();
    const log = read(path);
    expect(log.entries.map((entry: { _id: string }) => entry._id)).toEqual(['1a', '1b', '2a', '2b', '3a', '3b']);
    expect(log).toMatchObject({ version: '1.2', creator: { name: 'flowtap' } });
    expect(log.comment).toContain('3 flows are not here');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  const title = 'stays valid when the disk is full, and goes on when it is not any more';
  it.skipIf(noSmallDisk !== undefined)(noSmallDisk === undefined ? title : `${title} (${noSmallDisk})`, async () => {
    const directory = mountSmallDisk(64 * 1024);
    const path = join(directory, 'flows.har');
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(36 * 1024));
    const exporter = await started(path);
    await exporter.export([exchangeFlow()], { signal });
    const many = Array.from({ length: 45 }, () => exchangeFlow());
    expect(await exporter.export(many, { signal })).toMatchObject({ status: 'retry', error: { code: 'ENOSPC' } });
    expect(read(path).entries).toHaveLength(1);
    rmSync(join(directory, 'ballast'));
    expect(await exporter.export(many, { signal })).toEqual({ status: 'ok' });
    await exporter.shutdown();
    expect(read(path).entries).toHaveLength(46);
  });

  it.each([
    ['/no/such/directory/f.har', 'The directory does not exist.'],
    ['/dev/null', 'is not a regular file'],
  ])('cannot be %s', async (path, message) => {
    await expect(har({ path }).start?.()).rejects.toThrow(message);
  });
});

describe('entries', () => {
  it('are valid whatever the flow', async () => {
    const path = temporaryPath('flows.har');
    const exporter = await started(path);
    await exporter.export(fc.sample(flowArbitrary, { numRuns: 200, seed: 1 }), { signal });
    await exporter.shutdown();
    const archive = JSON.parse(readFileSync(path, 'utf8'));
    expect(archive.log.entries.length).toBeGreaterThan(20);
    // Hosts of random characters are no hosts; everything else must hold.
    ajv.validate('har.json#', archive);
    expect(ajv.errors?.filter(({ instancePath }) => !instancePath.endsWith('/request/url')) ?? []).toEqual([]);
  });

  it('have what HAR knows of an exchange, and the rest with an underscore', async () => {
    expect(await entryOf(exchangeFlow())).toMatchObject({
      startedDateTime: '2026-11-22T20:20:53.000123Z',
      time: 12.3456789,
      timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait: 12.3456789, receive: 0 },
      _resourceType: 'other',
      request: { method: 'GET', url: 'https://localhost:8443/', httpVersion: 'HTTP/1.1', bodySize: 0 },
      response: { status: 200, statusText: 'OK', httpVersion: 'HTTP/1.1' },
      serverIPAddress: '::1',
      connection: '7',
      _process: { pid: 1234, comm: 'curl', exe: '/usr/bin/curl' },
      _role: 'client',
    });
  });

  it('have status 0 and the reason when there was no response', async () => {
    const { response: _, ...flow } = exchangeFlow({ error: { code: 'closed', message: 'It was closed.' } });
    expect(await entryOf({ ...flow, complete: false })).toMatchObject({
      response: { status: 0, content: { size: 0 }, bodySize: -1, _error: 'It was closed.' },
      _complete: false,
    });
  });

  it('leave out what has no request', async () => {
    const { request: _, ...flow } = exchangeFlow();
    expect(await entriesOf(flow, opaqueFlow())).toEqual([]);
  });
});

describe('URLs', () => {
  it.each([
    [{ target: '/a?b=c' }, 'https://localhost:8443/a?b=c'],
    [{ target: 'http://other/x' }, 'http://other/x'],
    [{ target: '/a b"\u00e9[redacted:1]%zz%20' }, 'https://localhost:8443/a%20b%22%E9%5Bredacted:1%5D%25zz%20'],
    [{ target: '/', authority: '[::1]:80' }, 'https://[::1]:80/'],
    [{ target: '*', method: 'OPTIONS' }, 'https://localhost:8443'],
    [{ target: 'example.com:443', method: 'CONNECT' }, 'https://example.com:443'],
    [{ target: 'http://[redacted:ab]@h/' }, 'http://%5Bredacted:ab%5D@h/'],
    [{ target: '/#a#b' }, 'https://localhost:8443/%23a#b'],
  ])('of %j', async (init, url) => {
    expect((await requestEntry(init)).url).toBe(url);
  });

  it('have their query decoded', async () => {
    expect((await requestEntry({ target: '/?a=1&b=%20x+y&c&a=2' })).queryString).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: ' x y' },
      { name: 'c', value: '' },
      { name: 'a', value: '2' },
    ]);
  });
});

describe('cookies', () => {
  it('of requests', async () => {
    expect((await requestEntry({ headers: [['cookie', 'a=1; b="x=y"; c']] })).cookies).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: '"x=y"' },
      { name: 'c', value: '' },
    ]);
  });

  it('of responses', async () => {
    const value = 'a=1; Path=/x; Domain=example.com; Expires=Sun, 22 Nov 2026 20:20:53 GMT; HttpOnly; Secure';
    const { cookies } = await responseEntry({
      headers: [
        ['Set-Cookie', value],
        ['Set-Cookie', 'b=2; Expires=never'],
      ],
    });
    expect(cookies).toEqual([
      {
        name: 'a',
        value: '1',
        path: '/x',
        domain: 'example.com',
        expires: '2026-11-22T20:20:53.000Z',
        httpOnly: true,
        secure: true,
      },
      { name: 'b', value: '2', httpOnly: false, secure: false },
    ]);
  });
});

describe('bodies', () => {
  it('have the size on the wire and the size of the content', async () => {
    const content = 'hello '.repeat(100);
    const body = bodyOf(gzipSync(content), { contentEncoding: 'gzip' });
    expect(await responseEntry({ body })).toMatchObject({
      bodySize: body.size,
      content: { size: 600, compression: 600 - body.size, text: content, mimeType: 'text/plain' },
    });
  });

  it('that were truncated keep their true size', async () => {
    const response = await responseEntry({ body: bodyOf('abc', { size: 1000 }) });
    expect(response).toMatchObject({ bodySize: 1000, _capturedBodySize: 3, content: { size: 1000, text: 'abc' } });
  });

  it('that are binary are base64', async () => {
    const body = bodyOf(Buffer.from([0xff, 0]));
    expect((await responseEntry({ body })).content).toMatchObject({ size: 2, text: '/wA=', encoding: 'base64' });
    expect((await requestEntry({ body, headers: [['Content-Type', 'image/x']] })).postData).toEqual({
      mimeType: 'image/x',
      text: '/wA=',
      _encoding: 'base64',
    });
  });
});

it('writes a WebSocket as browsers do', async () => {
  const message = { sender: 'client', type: 'text', offsetMs: 500, content: bodyOf('hello') } as const;
  const [entry] = await entriesOf(
    exchangeFlow({
      protocol: 'websocket',
      scheme: 'wss',
      request: requestOf({ target: '/chat' }),
      startTimeMs: 10_000,
      messages: [
        message,
        { ...message, sender: 'server', type: 'binary', content: bodyOf(Buffer.from([0, 255])) },
        { ...message, type: 'ping' },
      ],
      messageCount: 3,
    } as Partial<Flow> as object),
  );
  expect(entry).toMatchObject({
    request: { url: 'wss://localhost:8443/chat' },
    _resourceType: 'websocket',
    _webSocketMessages: [
      { type: 'send', time: 10.5, opcode: 1, data: 'hello' },
      { type: 'receive', time: 10.5, opcode: 2, data: 'AP8=' },
    ],
    _messageCount: 3,
  });
});
