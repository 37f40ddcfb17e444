// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, runParser } from '@flowtap/core/testing';
import { describe, expect, it } from 'vitest';
import { mysql } from '../src/index.js';
import { client, commands, connected, only, server } from './outline.js';
import {
  binaryRow,
  bytes,
  column,
  command,
  end,
  eof,
  execution,
  little,
  login,
  message,
  messages,
  ok,
  prepared,
  query,
  row,
  str,
} from './packets.js';

const run = (steps: readonly ParserStep[], options = {}) => runParser(mysql(), steps, options);
const late = (steps: readonly ParserStep[]) => run(steps, { joinedLate: true });

const THINGS = [column({ name: 'id', type: 3 }), column({ name: 'name' })];
const SELECT = client(query('SELECT id, name FROM things'));
const ROWS = [bytes(2), ...THINGS, row('1', 'first'), row('2', 'second'), row('3', 'third'), end()];
const ANSWER = server(messages(1, ...ROWS));
const PING = client(command(0x0e));
const PONG = server(message(1, ok()));

describe('a connection that was joined late', () => {
  it('is read from the next command on, whatever passed before', () => {
    const inTheMiddle = server(messages(5, row('9', 'ninth'), end()).subarray(3));
    const { exchanges, counts } = late([inTheMiddle, SELECT, ANSWER, PING, PONG]);
    expect(commands({ exchanges, counts, announced: [] })).toMatchObject([
      { complete: true, joined: 'late', response: { results: [{ rowCount: 3 }] } },
      { complete: true, joined: 'late', request: { kind: 'sql', operation: 'ping' } },
    ]);
    expect(counts).toEqual({ 'bytes-without-packets': inTheMiddle.bytes.length });
  });

  it('says nothing of user, database and statements of before', () => {
    const execute = client(message(0, execution(4, [{ type: 3, value: little(1, 4) }])));
    const answer = server(messages(1, bytes(2), ...THINGS, binaryRow(bytes(0), little(7, 4), str('x')), end()));
    const { request, response } = only(commands(late([execute, answer])));
    expect(request).toEqual({ kind: 'sql', operation: 'execute', statement: '4' });
    expect(response?.results).toMatchObject([{ rows: [['7', 'x']] }]);
  });

  it('knows an execution without parameters, and statements that are prepared from now on', () => {
    const steps = [
      client(message(0, execution(4, []))),
      PONG,
      client(command(0x16, 'SELECT ?')),
      server(messages(1, prepared(5, 1, 1), column({ name: '?' }), eof(), column({ name: '?' }), eof())),
      client(message(0, execution(5, [{ type: 3, value: little(1, 4) }]))),
      server(messages(1, bytes(1), column({ name: '?', type: 3 }), eof(), binaryRow(bytes(0), little(1, 4)), eof())),
    ];
    expect(commands(late(steps)).map(({ request }) => request)).toMatchObject([
      { statement: '4', parameters: [] },
      { operation: 'prepare' },
      { statement: '5', sql: 'SELECT ?', parameters: ['1'] },
    ]);
  });

  it('reads results in both ways that they can end', () => {
    const withEof = [bytes(2), ...THINGS, eof(), row('1', 'x'), eof()];
    for (const answer of [ROWS, withEof]) {
      const runs = late([SELECT, server(messages(1, ...answer)), PING, PONG]);
      expect(commands(runs)).toMatchObject([{ complete: true }, { complete: true }]);
    }
  });

  it('does not wait for the end of definitions that may have none', () => {
    const prepare = client(command(0x16, 'DO ?'));
    const definitions = [prepared(1, 0, 1), column({ name: '?' })];
    for (const answer of [definitions, [...definitions, eof()]]) {
      const runs = late([prepare, server(messages(1, ...answer)), PING, PONG]);
      expect(commands(runs)).toMatchObject([{ complete: true }, { complete: true }]);
      expect(runs.counts).toEqual({});
      const both = client(prepare.bytes, query('SELECT 1'));
      const piped = late([both, server(messages(1, ...answer), message(1, ok({ affected: 7 })))]);
      expect(commands(piped)).toMatchObject([{ complete: true }, { response: { results: [{ affectedRows: 7 }] } }]);
    }
  });

  it('is found by servers that read the header of a command alone', () => {
    const cut = [SELECT.bytes.subarray(0, 4), SELECT.bytes.subarray(4)].map((part) => client(part));
    expect(commands(late([...cut, ANSWER]))).toMatchObject([{ complete: true }]);
  });

  it('is read from the login on when only the greeting was missed', () => {
    const steps = [client(login({ database: 'shop' })), server(message(2, ok())), PING, PONG];
    expect(only(commands(late(steps)))).toMatchObject({ request: { user: 'ann', database: 'shop' }, complete: true });
  });
});

describe('a gap', () => {
  const lost = (
    step: { readonly direction: 'egress' | 'ingress'; readonly bytes: Buffer },
    from = 0,
    to = step.bytes.length,
  ) => [
    { direction: step.direction, bytes: step.bytes.subarray(0, from) },
    { direction: step.direction, gapBytes: to - from },
    { direction: step.direction, bytes: step.bytes.subarray(to) },
  ];

  it('within a row costs that row', () => {
    const from = ANSWER.bytes.indexOf('second');
    const [first, second] = commands(run([...connected(), SELECT, ...lost(ANSWER, from, from + 3), PING, PONG]));
    expect(first).toMatchObject({
      complete: true,
      response: { results: [{ rowCount: 3, rows: [['1', 'first']], rowsTruncated: true }] },
    });
    expect(second).toMatchObject({ complete: true });
  });

  it('over the ends of rows costs the response, and what came before is shown', () => {
    const from = ANSWER.bytes.indexOf('second');
    const runs = run([...connected(), SELECT, ...lost(ANSWER, from, ANSWER.bytes.length - 3), PING, PONG]);
    expect(commands(runs)).toMatchObject([
      {
        complete: false,
        error: 'gap-in-response',
        response: { results: [{ rowCount: 2, rows: [['1', 'first']], rowsTruncated: true }] },
      },
      { complete: true, request: { operation: 'ping' } },
    ]);
    expect(runs.exchanges[1]?.gaps).toHaveLength(1);
  });

  it('instead of a response leaves the next one where it belongs', () => {
    const second = [client(query('SELECT 2')), server(message(1, ok({ affected: 2 })))];
    expect(commands(run([...connected(), SELECT, ...lost(ANSWER), ...second]))).toMatchObject([
      { complete: false, error: 'response-not-captured' },
      { complete: true, request: { sql: 'SELECT 2' }, response: { results: [{ affectedRows: 2 }] } },
    ]);
  });

  it('that is told of only after the next command does too', () => {
    const steps = [SELECT, client(query('SELECT 2')), ...lost(ANSWER), server(message(1, ok({ affected: 2 })))];
    expect(commands(run([...connected(), ...steps]))).toMatchObject([
      { complete: false, error: 'response-not-captured' },
      { complete: true, request: { sql: 'SELECT 2' }, response: { results: [{ affectedRows: 2 }] } },
    ]);
  });

  it('instead of a command leaves a response without one', () => {
    expect(commands(run([...connected(), ...lost(SELECT), ANSWER, PING, PONG]))).toMatchObject([
      { complete: false, error: 'request-not-captured', request: undefined },
      { complete: true, request: { operation: 'ping' } },
    ]);
  });

  it('instead of the login leaves the commands after it', () => {
    const [greeted, ...loggedIn] = connected({ database: 'shop' });
    const steps = [...(greeted === undefined ? [] : [greeted]), ...loggedIn.flatMap((step) => lost(step)), PING, PONG];
    expect(only(commands(run(steps)))).toMatchObject({ complete: true, request: { kind: 'sql', operation: 'ping' } });
  });

  it('that may have held a change of user or database leaves them unknown', () => {
    const use = client(query('USE other'));
    for (const loss of [lost(use), [use, ...lost(PONG)]]) {
      const runs = run([...connected({ database: 'shop' }), ...loss, PING, PONG]);
      expect(commands(runs).at(-1)?.request).toEqual({ kind: 'sql', operation: 'ping' });
    }
  });

  it('where commands are sent before earlier ones are answered leaves no answer to be guessed', () => {
    const ask = (...numbers: readonly number[]) => client(...numbers.map((number) => query(`SELECT ${number}`)));
    const answer = (number: number) => server(message(1, ok({ affected: number })));
    const before = [...connected(), ask(1, 2), answer(1), answer(2), ask(3, 4, 5)];
    for (const damaged of [
      [...before, ...lost(answer(3)), answer(4), ask(6), answer(5), answer(6)],
      [...before.slice(0, -1), ask(3), ...lost(ask(4)), ask(5), answer(3), answer(4), answer(5)],
    ]) {
      for (const { request, response } of commands(run(damaged))) {
        const [result] = response?.results ?? [];
        if (result !== undefined) expect(request?.sql).toBe(`SELECT ${result.affectedRows}`);
      }
    }
  });

  it('within a statement shows what came before', () => {
    const from = SELECT.bytes.indexOf('FROM');
    const runs = run([...connected(), ...lost(SELECT, from, from + 4), ANSWER]);
    expect(only(commands(runs))).toMatchObject({
      complete: true,
      request: { sql: 'SELECT id, name ', sqlTruncated: true },
      response: { results: [{ rowCount: 3 }] },
    });
    expect(runs.exchanges[1]?.gaps).toMatchObject([{ bytes: 4 }]);
  });

  it('on the way of the client makes parameters of statements doubtful, for one execution', () => {
    const execute = (hasTypes: boolean) => [
      client(message(0, execution(1, [{ type: 3, value: little(1, 4) }], hasTypes))),
      PONG,
    ];
    const steps = [
      client(command(0x16, 'DO ?')),
      server(messages(1, prepared(1, 0, 1), column({ name: '?' }))),
      ...execute(true),
      ...lost(client(command(0x18, little(1, 4), little(0, 2), 'piece'))),
      ...execute(false),
      ...execute(false),
      ...execute(true),
      ...execute(false),
    ];
    const executions = commands(run([...connected(), ...steps])).slice(1);
    expect(executions.map(({ request }) => request?.parameters)).toEqual([['1'], undefined, undefined, ['1'], ['1']]);
  });
});

describe('the end of a connection', () => {
  it.each([
    ['before the response', [SELECT], 'no-response'],
    ['within the response', [SELECT, server(ANSWER.bytes.subarray(0, 60))], 'connection-closed'],
  ])('%s', (_, steps, error) => {
    expect(only(commands(run([...connected(), ...steps])))).toMatchObject({ complete: false, error });
  });

  it('says when only the capture ended', () => {
    const runs = run([...connected(), SELECT], { closeReason: 'end' });
    expect(only(commands(runs))).toMatchObject({ error: 'capture-ended' });
  });
});

it('a response that breaks the protocol costs itself only', () => {
  const runs = run([...connected(), SELECT, server(messages(1, bytes(2), Buffer.from('no column'))), PING, PONG]);
  expect(commands(runs)).toMatchObject([
    { complete: false, error: 'malformed-packet' },
    { complete: true, request: { operation: 'ping' } },
  ]);
});

it('a command that is not known costs itself only', () => {
  const runs = run([...connected(), client(command(0x77, 'what')), PONG, PING, PONG]);
  expect(commands(runs)).toMatchObject([{ error: 'request-not-captured' }, { complete: true }]);
  expect(runs.counts).toEqual({ 'unknown-command': 1 });
});
