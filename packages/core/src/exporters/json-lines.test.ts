// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bodyOf, exchangeFlow, opaqueFlow, responseOf } from '../../test/sample-flows.js';
import { mountSmallDisk, noSmallDisk } from '../../test/small-disk.js';
import { temporaryPath } from '../../test/temporary-directory.js';
import type { Exporter } from '../delivery/exporter.js';
import { ConfigError, FlowtapError } from '../errors.js';
import { flowToJson } from '../json/flow-json.js';
import { jsonLines } from './json-lines.js';

const signal = new AbortController().signal;
const flow = (id: number) => exchangeFlow({ id: `flow-${id}` });
const flows = (from: number, count: number) => Array.from({ length: count }, (_, i) => flow(from + i));
const idsOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).id);

async function started(exporter: Exporter): Promise<Exporter> {
  await exporter.start?.();
  return exporter;
}

describe('a file', () => {
  it('gets one line for each flow, appended, private, and whole after a flush', async () => {
    const path = temporaryPath('flows.jsonl');
    for (const batch of [[flow(1), opaqueFlow()], [flow(2)]]) {
      const exporter = await started(jsonLines({ path }));
      expect(exporter.name).toBe(`jsonl:${path}`);
      expect(await exporter.export(batch, { signal })).toEqual({ status: 'ok' });
      await exporter.flush();
      await exporter.shutdown();
    }
    expect(readFileSync(path, 'utf8')).toBe([flow(1), opaqueFlow(), flow(2)].map((f) => `${flowToJson(f)}\n`).join(''));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps the mode that it had', async () => {
    const path = temporaryPath('flows.jsonl');
    writeFileSync(path, '{"id":"before"}\n', { mode: 0o640 });
    const exporter = await started(jsonLines({ path }));
    await exporter.export([flow(1)], { signal });
    await exporter.shutdown();
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(idsOf(readFileSync(path, 'utf8'))).toEqual(['before', 'flow-1']);
  });

  it('begins a new line after one that somebody left unfinished', async () => {
    const path = temporaryPath('flows.jsonl');
    writeFileSync(path, '{"id":"cut');
    const exporter = await started(jsonLines({ path }));
    await exporter.export([flow(1)], { signal });
    await exporter.shutdown();
    expect(readFileSync(path, 'utf8')).toBe(`{"id":"cut\n${flowToJson(flow(1))}\n`);
  });

  it('takes bodies that are bigger than a write', async () => {
    const path = temporaryPath('flows.jsonl');
    const body = bodyOf('\u0000\u20ac"'.repeat(400_000));
    const big = exchangeFlow({ response: responseOf({ body }) });
    const exporter = await started(jsonLines({ path }));
    await exporter.export([big, flow(1), big, flow(2)], { signal });
    await exporter.shutdown();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines[2] ?? '').response.body.text).toBe(body.text());
  });

  it.runIf(process.getuid?.() === 0)('belongs to the user behind sudo (needs root)', async () => {
    const path = temporaryPath('flows.jsonl');
    const { SUDO_UID, SUDO_GID } = process.env;
    onTestFinished(() => {
      for (const [name, value] of Object.entries({ SUDO_UID, SUDO_GID })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });
    Object.assign(process.env, { SUDO_UID: '1234', SUDO_GID: '2345' });
    const exporter = await started(jsonLines({ path }));
    await exporter.shutdown();
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 2345 });
  });

  it('that cannot be opened is one clear sentence', async () => {
    const start = jsonLines({ path: '/no/such/directory/f' }).start?.();
    await expect(start).rejects.toThrow('/no/such/directory/f cannot be written. The directory does not exist.');
    await expect(start).rejects.toSatisfy(FlowtapError.isInstance);
  });
});

describe('a full disk', () => {
  it.skipIf(!existsSync('/dev/full'))('asks for another try', async () => {
    const exporter = await started(jsonLines({ path: '/dev/full' }));
    expect(await exporter.export([flow(1)], { signal })).toMatchObject({
      status: 'retry',
      error: { code: 'ENOSPC' },
    });
    await exporter.shutdown();
  });

  const title = 'leaves whole lines only, and none of a batch that is to be tried again';
  it.skipIf(noSmallDisk !== undefined)(noSmallDisk === undefined ? title : `${title} (${noSmallDisk})`, async () => {
    const directory = mountSmallDisk(64 * 1024);
    const path = join(directory, 'flows.jsonl');
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(20 * 1024));
    const exporter = await started(jsonLines({ path }));
    expect(await exporter.export(flows(0, 10), { signal })).toEqual({ status: 'ok' });
    const tooMany = flows(10, 60);
    expect(await exporter.export(tooMany, { signal })).toMatchObject({ status: 'retry', error: { code: 'ENOSPC' } });
    expect(idsOf(readFileSync(path, 'utf8'))).toHaveLength(10);
    rmSync(join(directory, 'ballast'));
    expect(await exporter.export(tooMany, { signal })).toEqual({ status: 'ok' });
    await exporter.shutdown();
    expect(idsOf(readFileSync(path, 'utf8'))).toEqual(flows(0, 70).map(({ id }) => id));
  });

  const shared = 'takes back nothing when another program wrote too';
  it.skipIf(noSmallDisk !== undefined)(noSmallDisk === undefined ? shared : `${shared} (${noSmallDisk})`, async () => {
    const directory = mountSmallDisk(32 * 1024);
    const path = join(directory, 'flows.jsonl');
    const exporter = await started(jsonLines({ path }));
    appendFileSync(path, '{"id":"other"}\n');
    expect(await exporter.export(flows(0, 60), { signal })).toMatchObject({ status: 'failed' });
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines[0]).toBe('{"id":"other"}');
    rmSync(path);
    await exporter.shutdown();
  });
});

describe('a stream', () => {
  it('gets the lines and stays open', async () => {
    const stream = new PassThrough();
    const exporter = await started(jsonLines({ stream }));
    expect(exporter.name).toBe('json');
    expect(await exporter.export([flow(1), flow(2)], { signal })).toEqual({ status: 'ok' });
    await exporter.shutdown();
    expect(stream.writableEnded).toBe(false);
    expect(idsOf(String(stream.read()))).toEqual(['flow-1', 'flow-2']);
  });

  it('that is slow holds the export up, and the time limit ends it', async () => {
    const written: string[] = [];
    let pass = () => {};
    const stream = new Writable({
      write(chunk, _, done) {
        written.push(String(chunk));
        pass = done;
      },
    });
    const exporter = await started(jsonLines({ stream }));
    const limit = AbortSignal.timeout(10);
    expect(await exporter.export([flow(1)], { signal: limit })).toMatchObject({ status: 'failed' });
    const second = exporter.export([flow(2)], { signal });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(written).toHaveLength(1);
    pass();
    await new Promise((resolve) => setTimeout(resolve, 5));
    pass();
    expect(await second).toEqual({ status: 'ok' });
    expect(idsOf(written.join(''))).toEqual(['flow-1', 'flow-2']);
  });

  it('whose reader is gone fails the export and not the process', async () => {
    const child = spawn('sh', ['-c', 'exec 0<&-; echo closed; exec sleep 60'], { stdio: ['pipe', 'pipe', 'ignore'] });
    onTestFinished(() => {
      child.kill();
    });
    const exporter = await started(jsonLines({ stream: child.stdin }));
    await once(child.stdout, 'data');
    expect(await exporter.export([flow(1)], { signal })).toMatchObject({ status: 'failed', error: { code: 'EPIPE' } });
    expect(await exporter.export([flow(2)], { signal })).toMatchObject({ status: 'failed', error: { code: 'EPIPE' } });
    await exporter.flush();
    await exporter.shutdown();
  });
});

it.each([{}, { path: '' }, { path: 'x', stream: new PassThrough() }])('refuses the options %#', (options) => {
  expect(() => jsonLines(options as { path: string })).toThrow(ConfigError);
});
