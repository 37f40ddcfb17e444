// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { evaluateInDevTools } from './support/chromium.js';
import { startRun } from './support/flowtap.js';
import { LARGE_BYTES, SLOW_MS, startHarServers } from './support/har-server.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const client = fileURLToPath(new URL('./support/node/har-client.mjs', import.meta.url));

/** Clocks of the program and of the kernel, and times that are printed in whole milliseconds. */
const TOLERANCE_MS = 3;

/** As the client saw it; bodies in base64, without their content coding. */
interface Seen {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly beganMs: number;
  readonly endedMs: number;
  readonly requestBody: string;
  readonly responseBody: string;
}

interface Content {
  readonly text?: string;
  readonly encoding?: string;
  readonly _encoding?: string;
}

interface Entry {
  readonly startedDateTime: string;
  readonly time: number;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly httpVersion: string;
    readonly cookies: readonly { readonly name: string; readonly value: string }[];
    readonly queryString: readonly object[];
    readonly postData?: Content;
  };
  readonly response: {
    readonly status: number;
    readonly headers: readonly { readonly name: string; readonly value: string }[];
    readonly cookies: readonly object[];
    readonly content: Content & { readonly size: number };
    readonly redirectURL: string;
  };
  readonly _webSocketMessages?: readonly { readonly type: string; readonly opcode: number; readonly data: string }[];
  readonly _resourceType: string;
}

function validated(file: string): readonly Entry[] {
  const require = createRequire(import.meta.url);
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
  addFormats.default(ajv);
  for (const schema of Object.values<object>(require('har-schema'))) ajv.addSchema(schema);
  const archive = JSON.parse(readFileSync(file, 'utf8'));
  expect(ajv.validate('har.json#', archive), JSON.stringify(ajv.errors, undefined, 1)).toBe(true);
  return archive.log.entries;
}

const base64Of = (content: Content | undefined): string => {
  const isBase64 = (content?.encoding ?? content?._encoding) === 'base64';
  return isBase64 ? (content?.text ?? '') : Buffer.from(content?.text ?? '').toString('base64');
};

/** What Chromium's developer tools show of an archive that is imported into them. */
interface Imported {
  readonly url: string;
  readonly method: string;
  readonly status: number;
  readonly protocol: string;
  readonly type: string;
  readonly content: string;
  readonly frames: readonly { readonly type: string; readonly text: string; readonly opCode: number }[];
}

/** With the importer that a user's click on "Import HAR file" calls. */
async function importIntoDevTools(file: string): Promise<readonly Imported[]> {
  const code = `(async () => {
    const { HARFormat, Importer } = await import('/devtools/models/har/har.js');
    const { log } = new HARFormat.HARRoot(${readFileSync(file, 'utf8')});
    const requests = Importer.Importer.requestsFromHARLog(log);
    const textOf = (content) => (content.isTextContent ? content.text : content.base64);
    return Promise.all(requests.map(async (request) => ({
      url: request.url(),
      method: request.requestMethod,
      status: request.statusCode,
      protocol: request.protocol,
      type: request.resourceType().name(),
      content: textOf(await request.requestContentData()),
      frames: request.frames().map(({ type, text, opCode }) => ({ type, text, opCode })),
    })));
  })()`;
  return (await evaluateInDevTools(scene, code)) as readonly Imported[];
}

describeLive('an archive', ['openssl', 'chromium'], () => {
  test('has the requests, timings and bodies that the client saw, over HTTP/1.1, HTTP/2 and WebSocket, also in Chromium', {
    timeout: 120_000,
  }, async () => {
    const { base, http2Base, webSocketUrl } = await startHarServers(scene, certificate);
    const file = scene.path('all.har');
    const env = { ...cleanEnvironment, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' };
    const command = [process.execPath, client, base, http2Base, webSocketUrl];
    const options = ['--no-redact', '--output', `har:${file}`];
    const { status, stdout, stderr } = await (await startRun(scene, command, options, { env, input: '' })).end();
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const seen: readonly Seen[] = lines.filter((line) => line.method !== undefined);
    const entries = validated(file);
    const webSocket = entries.filter(({ _webSocketMessages }) => _webSocketMessages !== undefined);
    const exchanges = entries.filter(({ _webSocketMessages }) => _webSocketMessages === undefined);

    const version = (index: number) => (index < 10 ? ['HTTP/1.1', base] : ['HTTP/2.0', http2Base]);
    expect(exchanges.map(({ request }) => [request.httpVersion, request.method, request.url])).toEqual(
      seen.map(({ method, target }, index) => [version(index)[0], method, `${version(index)[1]}${target}`]),
    );
    for (const [index, { status, headers, beganMs, endedMs, requestBody, responseBody }] of seen.entries()) {
      const entry = exchanges[index];
      const { request, response, startedDateTime, time } = entry ?? ({} as Entry);
      expect({ status: response.status, url: request.url }).toMatchObject({ status });
      expect(base64Of(request.postData), request.url).toBe(requestBody);
      expect(base64Of(response.content), request.url).toBe(responseBody);
      expect(response.content.size).toBe(Buffer.from(responseBody, 'base64').length);
      for (const [name, value] of headers) {
        if (name !== 'set-cookie')
          expect(response.headers).toContainEqual({ name: expect.stringMatching(new RegExp(`^${name}$`, 'i')), value });
      }
      const startMs = Date.parse(startedDateTime);
      expect(startMs, request.url).toBeGreaterThanOrEqual(beganMs - TOLERANCE_MS);
      expect(startMs + time, request.url).toBeLessThanOrEqual(endedMs + TOLERANCE_MS);
    }
    const of = (target: string) => exchanges.filter(({ request }) => new URL(request.url).pathname === target);
    for (const { time } of of('/slow')) expect(time).toBeGreaterThanOrEqual(SLOW_MS - TOLERANCE_MS);
    for (const { response } of of('/large')) expect(response.content.size).toBe(LARGE_BYTES);
    for (const { request, response } of of('/cookies')) {
      expect(request.cookies).toEqual([
        { name: 'session', value: '1' },
        { name: 'theme', value: 'dark' },
      ]);
      expect(response.cookies).toMatchObject([
        { name: 'a', value: '1', path: '/', httpOnly: true },
        { name: 'b', value: '2', secure: true },
      ]);
    }
    for (const { request } of of('/plain')) {
      expect(request.queryString).toEqual([
        { name: 'a', value: '1' },
        { name: 'b', value: 'x y' },
      ]);
    }
    for (const { response } of of('/moved')) expect(response.redirectURL).toBe('/plain');
    for (const { _resourceType } of of('/binary')) expect(_resourceType).toBe('image');

    const echoes = lines.filter((line) => line.message !== undefined);
    expect(echoes).toHaveLength(2);
    expect(webSocket).toHaveLength(1);
    expect(webSocket[0]).toMatchObject({
      _resourceType: 'websocket',
      request: { url: webSocketUrl },
      response: { status: 101 },
      _webSocketMessages: [
        { type: 'send', opcode: 1, data: 'hello' },
        { type: 'receive', opcode: 1, data: 'hello' },
        { type: 'send', opcode: 2, data: 'AAH/' },
        { type: 'receive', opcode: 2, data: 'AAH/' },
      ],
    });

    const imported = await importIntoDevTools(file);
    expect(imported.map(({ method, url, status }) => [method, url, status])).toEqual(
      entries.map(({ request, response }) => [request.method, request.url, response.status]),
    );
    for (const [index, { content, protocol, type }] of imported.entries()) {
      const { response, request, _resourceType } = entries[index] ?? ({} as Entry);
      expect(content, request.url).toBe(response.content.text ?? '');
      expect({ type, protocol }).toEqual({
        type: _resourceType,
        protocol: request.httpVersion === 'HTTP/2.0' ? 'h2' : 'http/1.1',
      });
    }
    expect(imported.at(-1)?.frames).toEqual([
      { type: 'send', opCode: 1, text: 'hello' },
      { type: 'receive', opCode: 1, text: 'hello' },
      { type: 'send', opCode: 2, text: 'AAH/' },
      { type: 'receive', opCode: 2, text: 'AAH/' },
    ]);
  });
});
