// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveHttp } from '../../../packages/otlp-exporter/test/support/otlp-receiver.js';
import { type Bundle, bundle } from './bundle.js';
import { type CliResult, runProcess } from './cli-process.js';
import { writeRecording } from './event-log.js';
import { protoFile, recordGrpc } from './grpc-recording.js';

interface Message {
  readonly compressed: boolean;
  readonly content: { readonly size: number };
  readonly decoded?: { readonly type?: string; readonly json?: unknown; readonly error?: string };
}
interface Half {
  readonly grpc: { readonly messages: readonly Message[]; readonly status?: number };
}
interface Call {
  readonly request: Half;
  readonly response: Half;
}

const schemaFile = new URL('../../../packages/core/schema/flow.schema.json', import.meta.url);
const validate = new Ajv2020({ allErrors: true }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);

let cli: Bundle;
let directory: string;
let log: string;

beforeAll(async () => {
  cli = await bundle('src/cli.ts');
  directory = mkdtempSync(join(tmpdir(), 'flowtap-grpc-'));
  log = join(directory, 'grpc.flowlog');
  await writeRecording(log, await recordGrpc());
}, 60_000);

afterAll(async () => {
  await cli.remove();
  rmSync(directory, { recursive: true });
});

const replay = (...args: readonly string[]): Promise<CliResult> =>
  runProcess(process.execPath, [cli.script, 'replay', log, ...args]);

async function calls(...args: readonly string[]): Promise<readonly Call[]> {
  const { stdout } = await replay('--output', 'json', ...args);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const flow = JSON.parse(line) as Call;
      expect(validate(flow), JSON.stringify(validate.errors)).toBe(true);
      return flow;
    });
}

const decoded = (half: Half | undefined) => half?.grpc.messages.map((message) => message.decoded);

const ITEM = {
  itemName: 'größe',
  bigNumber: '9007199254740993',
  color: 'COLOR_RED',
  madeAt: '1970-01-01T00:00:01Z',
};

it('sends calls as spans with the conventions of RPC', async () => {
  const { received, port, stop } = await receiveHttp();
  try {
    expect(await replay('--output', `otlp:http://127.0.0.1:${port}`)).toMatchObject({ status: 0 });
  } finally {
    await stop();
  }
  const spans = received.spans.map(({ name, status, attributes }) => ({ name, status, attributes }));
  expect(spans).toMatchObject([
    { name: 'test.v1.Echo/Unary', status: 'STATUS_CODE_UNSET', attributes: { 'rpc.status_code': 'OK' } },
    { name: 'test.v1.Echo/Unary', attributes: { 'rpc.method': 'test.v1.Echo/Unary', 'rpc.status_code': 'NOT_FOUND' } },
    { name: 'test.v1.Echo/Chat', status: 'STATUS_CODE_UNSET', attributes: { 'rpc.system.name': 'grpc' } },
  ]);
});

describe('flowtap replay --proto', () => {
  it('shows messages as JSON, compressed ones too', async () => {
    const [unary, refused, chat] = await calls('--proto', protoFile);
    expect(unary?.request.grpc.messages[0]?.compressed).toBe(true);
    expect(decoded(unary?.request)).toEqual([{ type: 'test.v1.Item', json: ITEM }]);
    expect(decoded(unary?.response)).toEqual([{ type: 'test.v1.Other', json: { id: 7 } }]);
    expect(refused?.response.grpc).toMatchObject({ status: 5, messages: [] });
    expect(decoded(chat?.request)?.map((one) => one?.json)).toEqual([
      { itemName: 'a', rawData: '/w==' },
      { itemName: 'b', rawData: '/w==' },
    ]);
    expect(decoded(chat?.response)?.map((one) => one?.json)).toEqual([{ itemName: 're: a' }, { itemName: 're: b' }]);
  });

  it('shows them to people, and in an archive', async () => {
    const archive = join(directory, 'calls.har');
    const { stdout } = await replay('--proto', protoFile, '--output', 'stdout', '--output', `har:${archive}`);
    expect(stdout).toContain('│ {"itemName":"größe","bigNumber":"9007199254740993"');
    expect(stdout).toContain('│ {"itemName":"re: b"}\n');
    const { entries } = JSON.parse(readFileSync(archive, 'utf8')).log;
    expect(entries[0].request._grpc).toMatchObject({
      service: 'test.v1.Echo',
      messages: [{ decoded: { json: ITEM } }],
    });
    expect(entries[0].response._grpc).toMatchObject({ status: 0, messages: [{ decoded: { json: { id: 7 } } }] });
  });

  it('says what a schema does not know, and keeps the bytes', async () => {
    const other = join(directory, 'other.proto');
    writeFileSync(
      other,
      'syntax = "proto3"; package test.v1; message Item { fixed32 name = 1; } service Echo { rpc Chat (stream Item) returns (stream Item); }',
    );
    const [unary, , chat] = await calls('--proto', other);
    expect(decoded(unary?.request)).toEqual([{ error: 'The schema has no method test.v1.Echo/Unary.' }]);
    expect(decoded(chat?.request)?.[0]).toEqual({ type: 'test.v1.Item', json: {}, unknownFields: 2 });
    expect(chat?.request.grpc.messages[0]).toMatchObject({ content: { base64: expect.any(String) } });
    const { stdout } = await replay('--proto', other);
    expect(stdout).toContain('The schema has no method test.v1.Echo/Unary.');
    expect(stdout).toContain('{} [and 2 unknown fields]');
  });

  it('says that a message was captured in part', async () => {
    const [unary] = await calls('--proto', protoFile, '--max-body', '7');
    expect(decoded(unary?.request)).toEqual([{ error: 'The message was captured in part.' }]);
  });

  it('is not needed: bytes are shown without it', async () => {
    const [unary] = await calls();
    expect(unary?.request.grpc.messages[0]).toMatchObject({ content: { base64: expect.any(String) } });
    expect(unary?.request.grpc.messages[0]).not.toHaveProperty('decoded');
  });
});

it('a file that is no schema is told in one sentence before anything else', async () => {
  const wrong = join(directory, 'wrong.proto');
  writeFileSync(wrong, 'syntax = "proto3"; message {');
  const { status, stdout, stderr } = await replay('--proto', wrong);
  expect(stderr).toMatch(/^flowtap: The gRPC schema .*wrong\.proto cannot be used: .*line 1\)\.\n$/);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
});
