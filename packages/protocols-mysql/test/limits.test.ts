// SPDX-License-Identifier: Apache-2.0
import { runParser } from '@flowtap/core/testing';
import { describe, expect, it } from 'vitest';
import { mysql } from '../src/index.js';
import { client, commands, connected, only, server } from './outline.js';
import {
  bytes,
  column,
  command,
  counted,
  end,
  execution,
  little,
  message,
  messages,
  ok,
  prepared,
  query,
  row,
} from './packets.js';

const LIMITS = { maxBodyBytes: 1000, maxHeaderBytes: 1000, maxPendingExchanges: 3 };

it('keeps as much of a statement as fits, and whole characters', () => {
  const sql = `SELECT '${'ä'.repeat(2000)}'`;
  const runs = runParser(mysql(), [...connected(), client(query(sql)), server(message(1, ok()))], { limits: LIMITS });
  const { request } = only(commands(runs));
  expect(request?.sqlTruncated).toBe(true);
  expect(sql.startsWith(request?.sql ?? '-')).toBe(true);
  expect(Buffer.byteLength(request?.sql ?? '')).toBeGreaterThan(990);
});

it('keeps the first rows, and counts all of them', () => {
  const rows = Array.from({ length: 500 }, (_, i) => row(String(i), 'x'.repeat(i % 50)));
  const columns = [column({ name: 'id' }), column({ name: 'text' })];
  const steps = [client(query('SELECT id, text FROM t')), server(messages(1, bytes(2), ...columns, ...rows, end()))];
  const runs = runParser(mysql(), [...connected(), ...steps], { limits: LIMITS });
  const [result] = only(commands(runs)).response?.results ?? [];
  expect(result).toMatchObject({ rowCount: 500, rowsTruncated: true });
  expect(result?.rows?.length).toBeGreaterThan(10);
  expect(result?.rows?.length).toBeLessThan(60);
});

it('keeps no more than 1,000 rows, however short they are', () => {
  const rows = Array.from({ length: 2500 }, (_, i) => row(String(i)));
  const steps = [
    client(query('SELECT id FROM t')),
    server(messages(1, bytes(1), column({ name: 'id' }), ...rows, end())),
  ];
  const [result] = only(commands(runParser(mysql(), [...connected(), ...steps]))).response?.results ?? [];
  expect(result).toMatchObject({ rowCount: 2500, rowsTruncated: true });
  expect(result?.rows?.map(([id]) => id)).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)));
});

it('keeps the first of many results', () => {
  const one = [bytes(1), column({ name: 'a' }), row('1'), end({ status: 0x0a })];
  const many = Array.from({ length: 1500 }, () => one).flat();
  const steps = [client(query('CALL many()')), server(messages(1, ...many, ok()))];
  const runs = runParser(mysql(), [...connected(), ...steps]);
  expect(only(commands(runs))).toMatchObject({ complete: true });
  expect(only(commands(runs)).response).toMatchObject({ resultsTruncated: true });
  expect(only(commands(runs)).response?.results).toHaveLength(1000);
  expect(runs.counts).toEqual({ 'result-not-kept': 501 });
});

it('lets go of the oldest commands when too many wait', () => {
  const steps = [client(...[1, 2, 3, 4].map((i) => query(`SELECT ${i}`)))];
  const runs = runParser(mysql(), [...connected(), ...steps], { limits: LIMITS });
  expect(commands(runs).map(({ error }) => error)).toEqual([
    'too-many-pending',
    'response-not-captured',
    'response-not-captured',
    'response-not-captured',
  ]);
});

it('keeps the beginning of parameters, also of those that are sent in pieces', () => {
  const piece = client(command(0x18, little(1, 4), little(0, 2), 'p'.repeat(800)));
  const steps = [
    client(command(0x16, 'DO ?')),
    server(messages(1, prepared(1, 0, 1), column({ name: '?' }))),
    piece,
    piece,
    client(message(0, execution(1, [{ type: 252 }]))),
    server(message(1, ok())),
    client(message(0, execution(1, [{ type: 253, value: bytes(counted(2000), 'q'.repeat(2000)) }]))),
    server(message(1, ok())),
  ];
  const runs = runParser(mysql(), [...connected(), ...steps], { limits: LIMITS });
  const [, pieces, long] = commands(runs);
  expect(pieces?.request).toMatchObject({ parametersTruncated: true });
  expect(pieces?.request?.parameters?.[0]).toHaveLength(1000);
  expect(long?.request).toMatchObject({ parameters: [], parametersTruncated: true });
});

describe('a message of more than 16 MiB', () => {
  const large = 'x'.repeat(2 ** 24 + 100);

  it('is one command, and its answer has the sequence number that follows', () => {
    const steps = [
      client(query(`SELECT '${large}'`)),
      server(message(2, ok())),
      client(command(0x0e)),
      server(message(1, ok())),
    ];
    const runs = runParser(mysql(), [...connected(), ...steps]);
    expect(commands(runs)).toMatchObject([
      { request: { operation: 'query', sqlTruncated: true }, complete: true },
      { request: { operation: 'ping' }, complete: true },
    ]);
    expect(runs.counts).toEqual({});
  });

  it('is one row, also of exactly that length', () => {
    for (const value of [large, 'x'.repeat(0xff_ff_ff - 9)]) {
      const payloads = [
        bytes(1),
        column({ name: 'text' }),
        bytes(0xfe, little(value.length, 8), value),
        row('y'),
        end(),
      ];
      let sequence = 1;
      const packets = payloads.map((payload) => {
        const packet = message(sequence, payload);
        sequence += Math.floor(payload.length / 0xff_ff_ff) + 1;
        return packet;
      });
      const steps = [client(query('SELECT text FROM t')), server(...packets)];
      const runs = runParser(mysql(), [...connected(), ...steps], { limits: { maxBodyBytes: 2 ** 25 } });
      expect(only(commands(runs))).toMatchObject({ complete: true });
      const rows = only(commands(runs)).response?.results[0]?.rows;
      expect(rows?.map(([text]) => (text as string).length)).toEqual([value.length, 1]);
    }
  });
});
