// SPDX-License-Identifier: Apache-2.0
import * as zlib from 'node:zlib';
import { runParser, testProtocol } from '@flowtap/core/testing';
import { expect, it, vi } from 'vitest';
import { Capability } from '../src/capabilities.js';
import { mysql } from '../src/index.js';
import { client, commands, connected, type Step, server } from './outline.js';
import { bytes, CLIENT_FLAGS, column, command, end, little, message, messages, ok, query, row } from './packets.js';

vi.setConfig({ testTimeout: 120_000 });

const ZLIB = { flags: CLIENT_FLAGS | Capability.COMPRESS };
const ZSTD = { flags: CLIENT_FLAGS | Capability.ZSTD_COMPRESS };

function plain(sequence: number, content: Buffer): Buffer {
  return bytes(little(content.length, 3), sequence, little(0, 3), content);
}

function deflated(sequence: number, content: Buffer): Buffer {
  const compressed = zlib.deflateSync(content);
  return bytes(little(compressed.length, 3), sequence, little(content.length, 3), compressed);
}

const SQL = `SELECT '${'words '.repeat(50)}'`;
const COLUMNS = [bytes(1), column({ name: 'text' })];
const RESULT = messages(1, ...COLUMNS, row('words '.repeat(50)), row('and more'), end());

const CONVERSATION: readonly Step[] = [
  client(deflated(0, query(SQL))),
  // Compressed packets hold a stream: packets in it begin and end anywhere.
  server(deflated(1, RESULT.subarray(0, 100)), plain(2, RESULT.subarray(100, 120)), deflated(3, RESULT.subarray(120))),
  client(plain(0, command(0x0e))),
  server(plain(1, message(1, ok()))),
];

it('is taken off, however it is cut', () => {
  testProtocol(mysql(), [
    {
      name: 'zlib',
      messages: [...connected(ZLIB), ...CONVERSATION],
      verify: (run) => {
        expect(run.counts).toEqual({});
        expect(commands(run)).toMatchObject([
          { request: { sql: SQL }, response: { results: [{ rows: [['words '.repeat(50)], ['and more']] }] } },
          { request: { operation: 'ping' }, complete: true },
        ]);
      },
    },
  ]);
});

it('that cannot be undone costs its own command and says so', () => {
  // Begins like a frame of zstd and is none.
  const unreadable = bytes(little(0xfd2fb528, 4), 'not really');
  const answer = bytes(little(unreadable.length, 3), 1, little(RESULT.length, 3), unreadable);
  const steps = [client(plain(0, query('SELECT 1'))), server(answer), ...CONVERSATION.slice(2)];
  const run = runParser(mysql(), [...connected(ZSTD), ...steps]);
  expect(commands(run)).toMatchObject([
    { request: { sql: 'SELECT 1' }, complete: false, error: 'compression-not-understood' },
    { request: { operation: 'ping' }, complete: true },
  ]);
  expect(run.counts).toEqual({ 'compression-not-understood': 1 });
});

it('of which a part is missing costs what it holds', () => {
  const [ask, answer, ...rest] = CONVERSATION;
  if (ask === undefined || answer === undefined) throw new Error('there is a conversation');
  const cut = [
    { direction: 'ingress', bytes: answer.bytes.subarray(0, 20) },
    { direction: 'ingress', gapBytes: 10 },
    { direction: 'ingress', bytes: answer.bytes.subarray(30) },
  ] as const;
  const lost = { direction: 'ingress', gapBytes: answer.bytes.length } as const;
  for (const damage of [cut, [lost]]) {
    const run = runParser(mysql(), [...connected(ZLIB), ask, ...damage, ...rest]);
    expect(commands(run)).toMatchObject([
      { request: { sql: SQL }, complete: false },
      { request: { operation: 'ping' }, complete: true },
    ]);
  }
  const missed = { direction: 'egress', gapBytes: ask.bytes.length } as const;
  const run = runParser(mysql(), [...connected(ZLIB), missed, answer, ...rest]);
  expect(commands(run)).toMatchObject([{ error: 'request-not-captured' }, { request: { operation: 'ping' } }]);
});

it('does not unpack more than it says', () => {
  const bomb = zlib.deflateSync(Buffer.alloc(8 * 1024 * 1024));
  const steps = [
    client(plain(0, query('SELECT 1'))),
    server(bytes(little(bomb.length, 3), 1, little(100, 3), bomb)),
    ...CONVERSATION.slice(2),
  ];
  const run = runParser(mysql(), [...connected(ZLIB), ...steps]);
  expect(commands(run)).toMatchObject([{ error: 'compression-not-understood' }, { complete: true }]);
});
