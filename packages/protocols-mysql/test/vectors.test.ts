// SPDX-License-Identifier: Apache-2.0
import { type ParserRun, type ProtocolVector, testProtocol } from '@flowtap/core/testing';
import { expect, test, vi } from 'vitest';
import { Capability } from '../src/capabilities.js';
import { mysql } from '../src/index.js';
import { client, commands, connected, only, outline, type Step, server } from './outline.js';
import {
  binaryRow,
  bytes,
  CLIENT_FLAGS,
  column,
  command,
  counted,
  end,
  eof,
  error,
  execution,
  greeting,
  little,
  login,
  message,
  messages,
  ok,
  prepared,
  query,
  row,
  SECRET,
  str,
  tlsRequest,
} from './packets.js';

// A busy machine may need long for so many runs.
vi.setConfig({ testTimeout: 120_000 });

type Vector = Omit<ProtocolVector, 'name' | 'verify'> & { readonly verify: (run: ParserRun) => void };

const WITH_EOF = CLIENT_FLAGS & ~Capability.DEPRECATE_EOF;

function after(steps: readonly Step[], verify: (run: ParserRun) => void, flags = CLIENT_FLAGS): Vector {
  return {
    messages: [...connected({ flags, database: 'shop' }), ...steps],
    verify(run) {
      expect(run.counts).toEqual({});
      for (const { complete } of run.exchanges) expect(complete).toBe(true);
      verify(run);
    },
  };
}

const THINGS = [column({ name: 'id', type: 3 }), column({ name: 'name' })];
const THINGS_SHOWN = [
  { name: 'id', type: 'INT' },
  { name: 'name', type: 'VARCHAR' },
];
const PREPARE = client(command(0x16, 'SELECT ?, ?'));
const PARAMETERS = [column({ name: '?' }), column({ name: '?' })];

const vectors: Readonly<Record<string, Vector>> = {
  'a login shows user and database and no secret': {
    messages: connected({ database: 'shop' }),
    verify({ exchanges }) {
      expect(exchanges.map(outline)).toMatchObject([
        { request: { kind: 'sql', operation: 'connect', user: 'ann', database: 'shop' }, complete: true },
      ]);
      expect(JSON.stringify(exchanges)).not.toContain(SECRET);
    },
  },
  'a switch of authentication shows nothing of it': {
    messages: [
      server(greeting()),
      client(login()),
      server(message(2, 0xfe, 'mysql_native_password', 0, 'challenge of twenty b', 0)),
      client(message(3, 'another-secret')),
      server(message(4, 0x01, 0x04)),
      client(message(5, 'yet-another-secret')),
      server(message(6, ok())),
      client(command(0x0e)),
      server(message(1, ok())),
    ],
    verify({ exchanges, counts }) {
      expect(exchanges.map((each) => outline(each).request?.operation)).toEqual(['connect', 'ping']);
      expect(JSON.stringify(exchanges)).not.toContain('secret');
      expect(counts).toEqual({});
    },
  },
  'a refused login is an error': {
    messages: [server(greeting()), client(login()), server(message(2, error(1045, '28000', 'Access denied')))],
    verify: ({ exchanges }) =>
      expect(exchanges.map(outline)).toMatchObject([
        { complete: true, response: { error: { code: '28000', message: 'Access denied', errorNumber: 1045 } } },
      ]),
  },
  'a server that refuses the connection has no greeting': {
    messages: [server(message(0, 0xff, little(1040, 2), 'Too many connections'))],
    verify: ({ exchanges }) =>
      expect(exchanges.map(outline)).toMatchObject([
        { request: { operation: 'connect' }, response: { error: { code: '1040', message: 'Too many connections' } } },
      ]),
  },
  'a request of TLS is followed by TLS': {
    messages: [server(greeting()), client(tlsRequest())],
    closeReason: 'tls-start',
    verify: ({ exchanges }) => expect(exchanges).toEqual([]),
  },
  'under TLS the login comes first': {
    layer: 'tls',
    messages: [
      client(login({ sequence: 2 })),
      server(message(3, ok())),
      client(query('DO 1')),
      server(message(1, ok())),
    ],
    verify: ({ exchanges }) =>
      expect(exchanges.map(outline)).toMatchObject([
        { request: { operation: 'connect', user: 'ann' } },
        { request: { operation: 'query', sql: 'DO 1', user: 'ann' }, complete: true },
      ]),
  },
  'under TLS nobody knows what the server is capable of of what the client asked for': {
    layer: 'tls',
    messages: [
      client(login({ sequence: 2, flags: CLIENT_FLAGS | Capability.QUERY_ATTRIBUTES })),
      server(message(3, ok())),
      client(query('SELECT 1, 2')),
      server(messages(1, bytes(2), ...THINGS, eof(), row('1', 'x'), eof())),
      client(command(0x16, 'DO ?')),
      server(messages(1, prepared(2, 0, 1), column({ name: '?' }), eof())),
      client(message(0, execution(2, [{ type: 3, value: little(9, 4) }]))),
      server(message(1, bytes(ok(), 'Records: 1'))),
    ],
    verify(run) {
      expect(run.counts).toEqual({});
      expect(commands(run)).toMatchObject([
        { request: { sql: 'SELECT 1, 2' }, response: { results: [{ rows: [['1', 'x']] }] } },
        { request: { operation: 'prepare' } },
        { request: { parameters: ['9'] }, response: { results: [{ summary: 'Records: 1' }] } },
      ]);
    },
  },
  'rows that end with OK': after(
    [
      client(query('SELECT id, name FROM things')),
      server(messages(1, bytes(2), ...THINGS, row('1', 'Äpfel'), row('2', undefined), end({ warnings: 1 }))),
    ],
    (run) =>
      expect(only(commands(run))).toMatchObject({
        request: { operation: 'query', sql: 'SELECT id, name FROM things', database: 'shop' },
        response: {
          results: [
            {
              columns: THINGS_SHOWN,
              rows: [
                ['1', 'Äpfel'],
                ['2', null],
              ],
              rowCount: 2,
              warnings: 1,
            },
          ],
        },
      }),
  ),
  'rows that end with EOF': after(
    [
      client(query('SELECT 1, 2')),
      server(messages(1, bytes(2), ...THINGS, eof(), row('', 'x'), row('2', ''), eof())),
      client(query('SELECT 1, 2 LIMIT 0')),
      server(messages(1, bytes(2), ...THINGS, eof(), eof())),
    ],
    (run) => {
      const [some, none] = commands(run);
      expect(some?.response?.results).toMatchObject([
        {
          rows: [
            ['', 'x'],
            ['2', ''],
          ],
        },
      ]);
      expect(none?.response?.results).toMatchObject([{ columns: THINGS_SHOWN, rows: [], rowCount: 0 }]);
    },
    WITH_EOF,
  ),
  'an error after rows': after(
    [
      client(query('SELECT id, name FROM things')),
      server(messages(1, bytes(2), ...THINGS, row('1', 'a'), error(1317, '70100', 'Query was interrupted'))),
    ],
    (run) =>
      expect(only(commands(run)).response).toMatchObject({
        results: [{ rows: [['1', 'a']], rowCount: 1 }],
        error: { code: '70100' },
      }),
  ),
  'several results of several statements': after(
    [
      client(query('SELECT 1; UPDATE things SET x = 1; SELECT 2')),
      server(
        messages(
          1,
          bytes(1),
          column({ name: 'a' }),
          row('1'),
          end({ status: 0x0a }),
          ok({ status: 0x0a, affected: 3, info: 'Rows matched: 3  Changed: 3  Warnings: 0' }),
          bytes(1),
          column({ name: 'b' }),
          row('2'),
          end(),
        ),
      ),
    ],
    (run) =>
      expect(only(commands(run)).response?.results).toMatchObject([
        { rows: [['1']] },
        { affectedRows: 3, summary: 'Rows matched: 3  Changed: 3  Warnings: 0', rowCount: 0 },
        { rows: [['2']] },
      ]),
  ),
  'the database follows USE, and what the server says of it': after(
    [
      client(query('USE `other one`')),
      server(message(1, ok())),
      client(query('SELECT switch()')),
      server(message(1, ok({ status: 0x4002, changes: bytes(1, str(str('third'))) }))),
      client(command(0x02, 'fourth')),
      server(message(1, ok())),
      client(query('USE nowhere')),
      server(message(1, error(1049, '42000', "Unknown database 'nowhere'"))),
      client(command(0x0e)),
      server(message(1, ok())),
    ],
    (run) =>
      expect(commands(run).map(({ request }) => request?.database)).toEqual([
        'shop',
        'other one',
        'fourth',
        'fourth',
        'fourth',
      ]),
  ),
  'a database that only statements tell of': after(
    [
      ...[
        '/* app */ use other;',
        "INSERT INTO t VALUES ('; use none ')",
        'USE `a``b`',
        'SELECT 1; USE c',
        'DO 1',
      ].flatMap((sql) => [client(query(sql)), server(message(1, ok()))]),
    ],
    (run) =>
      expect(commands(run).map(({ request }) => request?.database)).toEqual([
        'shop',
        'other',
        undefined,
        'a`b',
        undefined,
      ]),
  ),
  'ids and numbers of rows up to 64 bits': after(
    [client(query('INSERT INTO things VALUES ()')), server(message(1, ok({ affected: 70_000, insertId: 2 ** 52 })))],
    (run) =>
      expect(only(commands(run)).response?.results).toEqual([
        { rowCount: 0, affectedRows: 70_000, insertId: String(2 ** 52) },
      ]),
  ),
  'a file that the client loads': after(
    [
      client(query("LOAD DATA LOCAL INFILE 'x.csv' INTO TABLE things")),
      server(message(1, 0xfb, 'x.csv')),
      client(message(2, '1,a\n2,b\n'), message(3, '3,c\n'), message(4)),
      server(message(5, ok({ affected: 3, info: 'Records: 3' }))),
      client(command(0x01)),
    ],
    (run) =>
      expect(commands(run)).toMatchObject([
        { request: { operation: 'query' }, response: { results: [{ affectedRows: 3, summary: 'Records: 3' }] } },
        { request: { operation: 'quit' }, response: { results: [] } },
      ]),
  ),
  'a prepared statement, executed, with types and without, reset and closed': after(
    [
      PREPARE,
      server(messages(1, prepared(7, 2, 2), ...PARAMETERS, ...THINGS)),
      client(
        message(
          0,
          execution(7, [
            { type: 8, value: little(-5, 8) },
            { type: 254, value: str('two') },
          ]),
        ),
      ),
      server(messages(1, bytes(2), ...THINGS, binaryRow(bytes(0), little(1, 4), str('x')), end())),
      client(
        message(
          0,
          execution(
            7,
            [
              { type: 8, value: little(6, 8) },
              { type: 254, isNull: true },
            ],
            false,
          ),
        ),
      ),
      server(messages(1, bytes(2), ...THINGS, binaryRow(bytes(0x08), little(-2, 4)), end())),
      client(command(0x1a, little(7, 4))),
      server(message(1, ok())),
      client(command(0x19, little(7, 4))),
    ],
    (run) =>
      expect(commands(run)).toMatchObject([
        { request: { operation: 'prepare', sql: 'SELECT ?, ?' }, response: { results: [{ columns: THINGS_SHOWN }] } },
        {
          request: { operation: 'execute', sql: 'SELECT ?, ?', statement: '7', parameters: ['-5', 'two'] },
          response: { results: [{ columns: THINGS_SHOWN, rows: [['1', 'x']] }] },
        },
        {
          request: { operation: 'execute', parameters: ['6', null] },
          response: { results: [{ rows: [['-2', null]] }] },
        },
        { request: { operation: 'reset', sql: 'SELECT ?, ?', statement: '7' } },
        { request: { operation: 'close', sql: 'SELECT ?, ?', statement: '7' } },
      ]),
  ),
  'a prepared statement whose definitions end with EOF': after(
    [
      PREPARE,
      server(messages(1, prepared(1, 2, 2), ...PARAMETERS, eof(), ...THINGS, eof())),
      client(command(0x16, 'DO ?')),
      server(messages(1, prepared(2, 0, 1), column({ name: '?' }), eof())),
      client(message(0, execution(2, [{ type: 3, value: little(9, 4) }]))),
      server(message(1, ok())),
    ],
    (run) => {
      expect(commands(run).map(({ request }) => request?.operation)).toEqual(['prepare', 'prepare', 'execute']);
      expect(commands(run)[2]?.request).toMatchObject({ sql: 'DO ?', parameters: ['9'] });
    },
    WITH_EOF,
  ),
  'a parameter that is sent in pieces': after(
    [
      PREPARE,
      server(messages(1, prepared(1, 0, 2), ...PARAMETERS)),
      client(command(0x18, little(1, 4), little(1, 2), 'one and ')),
      client(command(0x18, little(1, 4), little(1, 2), 'two')),
      client(message(0, execution(1, [{ type: 3, value: little(4, 4) }, { type: 253 }]))),
      server(message(1, ok())),
    ],
    (run) => expect(commands(run)[1]?.request?.parameters).toEqual(['4', 'one and two']),
  ),
  'a cursor and what is fetched from it': after(
    [
      PREPARE,
      server(messages(1, prepared(1, 2, 0), ...THINGS, eof())),
      client(command(0x17, little(1, 4), 1, little(1, 4))),
      server(messages(1, bytes(2), ...THINGS, eof(0x42))),
      client(command(0x1c, little(1, 4), little(10, 4))),
      server(messages(1, binaryRow(bytes(0), little(1, 4), str('x')), eof(0x82))),
    ],
    (run) => {
      const [, execute, fetch] = commands(run);
      expect(execute?.response?.results).toMatchObject([{ columns: THINGS_SHOWN, rows: [], rowCount: 0 }]);
      expect(fetch).toMatchObject({
        request: { operation: 'fetch', sql: 'SELECT ?, ?' },
        response: { results: [{ columns: THINGS_SHOWN, rows: [['1', 'x']] }] },
      });
    },
    WITH_EOF,
  ),
  'attributes of a query and of an execution': after(
    [
      client(query(bytes(0, 1, 'SELECT 1'))),
      server(message(1, ok())),
      client(query(bytes(1, 1, 0, 1, 254, 0, str('trace'), str('abc'), 'SELECT 2'))),
      server(message(1, ok())),
      client(command(0x16, 'DO ?')),
      server(messages(1, prepared(1, 0, 1), column({ name: '?' }))),
      client(
        command(
          0x17,
          little(1, 4),
          8,
          little(1, 4),
          bytes(2, 0, 1, 3, 0, str(''), 254, 0, str('trace'), little(5, 4), str('def')),
        ),
      ),
      server(message(1, ok())),
    ],
    (run) =>
      expect(commands(run).map(({ request }) => request)).toMatchObject([
        { sql: 'SELECT 1' },
        { sql: 'SELECT 2', attributes: [{ name: 'trace', value: 'abc' }] },
        { sql: 'DO ?' },
        { sql: 'DO ?', parameters: ['5'], attributes: [{ name: 'trace', value: 'def' }] },
      ]),
    CLIENT_FLAGS | Capability.QUERY_ATTRIBUTES,
  ),
  'columns that are left out, in the way of MariaDB and of MySQL': after(
    [
      PREPARE,
      server(messages(1, prepared(1, 2, 0), ...THINGS)),
      ...[bytes(2, 0), bytes(0, 2)].flatMap((count) => [
        client(command(0x17, little(1, 4), 0, little(1, 4))),
        server(messages(1, count, binaryRow(bytes(0), little(1, 4), str('x')), end())),
      ]),
      ...[bytes(2, 1), bytes(1, 2)].flatMap((count) => [
        client(command(0x17, little(1, 4), 0, little(1, 4))),
        server(messages(1, count, ...THINGS, binaryRow(bytes(0), little(1, 4), str('x')), end())),
      ]),
    ],
    (run) => {
      for (const { response } of commands(run).slice(1)) {
        expect(response?.results).toMatchObject([{ columns: THINGS_SHOWN, rows: [['1', 'x']] }]);
      }
      expect(commands(run)).toHaveLength(5);
    },
  ),
  'commands that are sent before the answers to earlier ones': after(
    [
      client(
        command(0x16, 'DO ?'),
        message(0, execution(0xff_ff_ff_ff, [{ type: 3, value: little(1, 4) }])),
        query('SELECT 3'),
      ),
      server(messages(1, prepared(9, 0, 1), column({ name: '?' })), message(1, ok()), message(1, ok({ affected: 1 }))),
    ],
    (run) =>
      expect(commands(run)).toMatchObject([
        { request: { operation: 'prepare' } },
        { request: { operation: 'execute', sql: 'DO ?', statement: '9', parameters: ['1'] } },
        { request: { sql: 'SELECT 3' }, response: { results: [{ affectedRows: 1 }] } },
      ]),
  ),
  'the bulk execution, names of types and reports of progress of MariaDB': {
    messages: [
      server(greeting({ version: '5.5.5-10.11.6-MariaDB', flags: 0x81_ff_f7_fe, mariadbFlags: 0x1f })),
      client(login({ flags: CLIENT_FLAGS & ~Capability.CLIENT_MYSQL, mariadbFlags: 0x1f })),
      server(message(2, ok())),
      client(command(0x16, 'INSERT INTO things VALUES (?, ?)')),
      server(messages(1, prepared(3, 0, 2), ...[1, 2].map(() => column({ name: '?', extended: Buffer.alloc(0) })))),
      client(
        command(
          0xfa,
          little(3, 4),
          little(128, 2),
          bytes(3, 0, 253, 0),
          bytes(0, little(1, 4), 0, str('a')),
          bytes(0, little(2, 4), 1),
          bytes(2, 3),
        ),
      ),
      server(message(1, 0xff, 0xff, 0xff, 1, 1, 0, 0, 0, str('working')), message(2, ok({ affected: 3 }))),
      client(query('SELECT id, name FROM ids')),
      server(
        messages(
          1,
          bytes(2, 1),
          column({ name: 'id', type: 254, collation: 63, extended: bytes(0, str('uuid')) }),
          column({ name: 'name', extended: Buffer.alloc(0) }),
          row('x', 'y'),
          end(),
        ),
      ),
    ],
    verify(run) {
      expect(run.counts).toEqual({});
      expect(commands(run).slice(1)).toMatchObject([
        {
          request: {
            operation: 'bulk-execute',
            parameterRows: [
              ['1', 'a'],
              ['2', null],
              [{ indicator: 'default' }, { indicator: 'ignore' }],
            ],
          },
          response: { results: [{ affectedRows: 3 }] },
        },
        {
          response: {
            results: [
              {
                columns: [
                  { name: 'id', type: 'UUID' },
                  { name: 'name', type: 'VARCHAR' },
                ],
              },
            ],
          },
        },
      ]);
    },
  },
  'a change of user, which ends statements': after(
    [
      PREPARE,
      server(messages(1, prepared(1, 0, 0))),
      client(command(0x11, 'bob', 0, 5, 'proof', 'their', 0, little(45, 2), 'mysql_native_password', 0)),
      server(message(1, 0xfe, 'mysql_native_password', 0, 'challenge', 0)),
      client(message(2, 'the-secret-of-bob')),
      server(message(3, ok())),
      client(command(0x17, little(1, 4), 0, little(1, 4))),
      server(message(1, error(1243, 'HY000', 'Unknown prepared statement handler (1)'))),
    ],
    (run) => {
      const [, change, execute] = commands(run);
      expect(change?.request).toEqual({ kind: 'sql', operation: 'change-user', user: 'bob', database: 'their' });
      expect(execute?.request).toEqual({
        kind: 'sql',
        operation: 'execute',
        statement: '1',
        parameters: [],
        user: 'bob',
        database: 'their',
      });
      expect(JSON.stringify(run)).not.toMatch(/proof|secret/);
    },
  ),
  'the other commands': after(
    [
      client(command(0x09)),
      server(message(1, 'Uptime: 5  Threads: 1')),
      client(command(0x04, 'things', 0)),
      server(messages(1, ...THINGS.map((each) => bytes(each, str('default'))), eof())),
      client(command(0x0d)),
      server(message(1, eof())),
      client(command(0x1b, little(0, 2))),
      server(message(1, ok({ header: 0xfe }))),
      client(command(0x0a)),
      server(messages(1, bytes(2), ...THINGS, row('1', 'root'), end())),
      client(command(0x1f)),
      server(message(1, ok())),
    ],
    (run) =>
      expect(commands(run)).toMatchObject([
        { request: { operation: 'statistics' }, response: { results: [{ summary: 'Uptime: 5  Threads: 1' }] } },
        { request: { operation: 'field-list' }, response: { results: [{ columns: THINGS_SHOWN, rowCount: 0 }] } },
        { request: { operation: 'debug' }, response: { results: [] } },
        { request: { operation: 'set-option' } },
        { request: { operation: 'process-info' }, response: { results: [{ rows: [['1', 'root']] }] } },
        { request: { operation: 'reset-connection' } },
      ]),
  ),
  'the binary log, of which only the number of its packets is told': after(
    [
      client(command(0x15, little(7, 4), Buffer.alloc(14))),
      server(message(1, ok())),
      client(command(0x12, little(4, 4), little(1, 2), little(7, 4), 'log.000001')),
      server(messages(1, bytes(0, 'an event'), bytes(0, 'another one'), eof())),
    ],
    (run) =>
      expect(commands(run)).toMatchObject([
        { request: { operation: 'register-replica' } },
        { request: { operation: 'binlog-dump' }, response: { results: [{ rowCount: 2, rowsTruncated: true }] } },
      ]),
  ),
  'a value of many bytes, and of none': after(
    [
      client(query('SELECT id, name FROM things')),
      server(messages(1, counted(2), ...THINGS, row('x'.repeat(300), ''), end())),
    ],
    (run) => expect(only(commands(run)).response?.results[0]?.rows).toEqual([['x'.repeat(300), '']]),
  ),
};

test.each(Object.entries(vectors))('%s', (name, vector) => {
  testProtocol(mysql(), [{ name, ...vector }]);
});
