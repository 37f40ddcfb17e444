// SPDX-License-Identifier: Apache-2.0
import { MAX_LISTED_MESSAGES } from '@flowtap/core';
import { type ParserRunOptions, type ParserStep, runParser, testProtocol } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import {
  BINARY,
  CLOSE,
  client,
  close,
  deflate,
  deflated,
  type FrameInit,
  PING,
  PONG,
  server,
  TEXT,
  text,
  upgraded,
} from '../test/frames.js';
import { lines, onlyExchange } from '../test/outline.js';
import { websocket } from './plugin.js';

const BYE = [client(close(1000, 'bye')), server(close(1000, 'bye'))] as const;
const BYE_LINES = ['client close 1000 bye', 'server close 1000 bye'];

function run(steps: readonly ParserStep[], options: ParserRunOptions = {}) {
  return runParser(websocket(), steps, { upgraded: upgraded(), ...options });
}

interface Vector {
  readonly name: string;
  readonly steps: readonly { readonly direction: 'ingress' | 'egress'; readonly bytes: Buffer }[];
  readonly expected: readonly string[];
  readonly extensions?: string;
  readonly complete?: boolean;
}

const long = 'x'.repeat(126);
const history = 'what was said before, and is said again';

const VECTORS: readonly Vector[] = [
  {
    name: 'text and bytes both ways',
    steps: [client(text('hello'), { opcode: BINARY, payload: Buffer.from([0, 255]) }), server(text('grüße')), ...BYE],
    expected: ['client text hello', 'client binary 00ff', 'server text grüße', ...BYE_LINES],
  },
  {
    name: 'empty messages, a close without a code',
    steps: [client(text('')), server({ opcode: BINARY }), client({ opcode: CLOSE }), server({ opcode: CLOSE })],
    expected: ['client text', 'server binary', 'client close', 'server close'],
  },
  {
    name: 'fragments with control frames between them',
    steps: [
      client(
        { ...text('one '), fin: false },
        { opcode: PING, payload: 'p' },
        { opcode: 0, payload: 'two ', fin: false },
        { opcode: 0, payload: '', fin: false },
        { opcode: 0, payload: 'three' },
      ),
      server({ opcode: PONG, payload: 'p' }, text('ok')),
      ...BYE,
    ],
    expected: ['client ping p', 'client text one two three', 'server pong p', 'server text ok', ...BYE_LINES],
  },
  {
    name: 'lengths of two and of eight bytes, needed or not',
    steps: [client(text(long)), server({ ...text('ab'), lengthBytes: 2 }, { ...text('cd'), lengthBytes: 8 }), ...BYE],
    expected: [`client text ${long}`, 'server text ab', 'server text cd', ...BYE_LINES],
  },
  {
    name: 'compressed messages that refer to earlier ones',
    extensions: 'permessage-deflate; client_max_window_bits=15',
    steps: [
      client({ opcode: TEXT, rsv: 4, payload: deflate(history) }),
      client({ opcode: TEXT, rsv: 4, payload: deflate(`${history}!`, Buffer.from(history)) }),
      server({ ...deflated('in two'), payload: deflate('in two').subarray(0, 3), fin: false }),
      server({ opcode: 0, payload: deflate('in two').subarray(3) }, text('not compressed')),
      ...BYE,
    ],
    expected: [
      `client text ${history}`,
      `client text ${history}!`,
      'server text in two',
      'server text not compressed',
      ...BYE_LINES,
    ],
  },
  {
    name: 'compressed messages of which each stands for itself',
    extensions: 'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
    steps: [client(deflated(history), deflated(history)), server(deflated(history), deflated('b')), ...BYE],
    expected: [
      ...[history, history].map((one) => `client text ${one}`),
      `server text ${history}`,
      'server text b',
      ...BYE_LINES,
    ],
  },
  {
    name: 'a connection that just ends',
    steps: [client(text('a'))],
    expected: ['client text a'],
    complete: false,
  },
];

describe('conversations, whole, byte by byte, at every split and with gaps at every place', () => {
  test.each(VECTORS)('$name', ({ name, steps, expected, extensions, complete = true }) => {
    const options = { upgraded: upgraded(extensions) };
    const whole = run(steps, options);
    expect(lines(whole)).toEqual(expected);
    expect(onlyExchange(whole)).toMatchObject({
      protocol: 'websocket',
      scheme: 'ws',
      complete,
      messageCount: expected.length,
      request: { target: '/socket' },
      response: { status: 101 },
    });
    testProtocol(websocket(), [{ name, messages: steps, verify: () => {}, detects: false, ...options }]);
  });
});

describe('what RFC 6455 forbids ends the reading of a direction', () => {
  const forbidden: readonly (readonly [string, FrameInit])[] = [
    ['a reserved bit', { ...text('x'), rsv: 1 }],
    ['compression that was not agreed on', { ...text('x'), rsv: 4 }],
    ['a reserved opcode', { opcode: 3, payload: 'x' }],
    ['a reserved control opcode', { opcode: 11, payload: 'x' }],
    ['a fragmented control frame', { opcode: PING, fin: false }],
    ['a long control frame', { opcode: PING, payload: long }],
    ['a continuation of nothing', { opcode: 0, payload: 'x' }],
    ['a client that does not mask', { ...text('x'), mask: undefined }],
  ];
  test.each(forbidden)('%s', (_, init) => {
    const found = run([client(text('before'), init), server(text('other side')), ...BYE]);
    expect(lines(found).slice(0, 2)).toEqual(['client text before', 'server text other side']);
    expect(onlyExchange(found)).toMatchObject({
      complete: false,
      messagesLost: true,
      error: { code: 'malformed-frame' },
    });
    expect(found.counts['malformed-frame']).toBe(1);
  });

  test('a message within another one', () => {
    const found = run([client({ ...text('half'), fin: false }, text('whole'))]);
    expect(lines(found)).toEqual(['client text half … of 4']);
    expect(onlyExchange(found)).toMatchObject({ error: { code: 'malformed-frame' } });
  });

  test('a length that no file has', () => {
    const bytes = Buffer.concat([Buffer.from([0x82, 0x7f]), Buffer.alloc(8, 0xff), Buffer.from('x')]);
    expect(onlyExchange(run([{ direction: 'ingress', bytes }])).error?.code).toBe('malformed-frame');
  });
});

describe('the end', () => {
  test.each([
    ['closed', undefined, 'closed-without-close'],
    ['end', undefined, 'capture-ended'],
    ['limit', undefined, 'connection-dropped'],
    ['closed', { ...text('half'), fin: false }, 'connection-closed'],
  ] as const)('%s', (closeReason, unfinished, code) => {
    const steps = [client(text('a')), ...(unfinished === undefined ? [] : [client(unfinished)])];
    expect(onlyExchange(run(steps, { closeReason }))).toMatchObject({ complete: false, error: { code } });
  });

  test('one Close frame is enough when the connection ends with it', () => {
    expect(onlyExchange(run([client(close(1001))]))).toMatchObject({ complete: true });
  });

  test('two Close frames, of which the connection cut off one, are one conversation that was cut off', () => {
    const cut = client(close(1000, 'bye'));
    const steps = [server(close(1000, 'bye')), { ...cut, bytes: cut.bytes.subarray(0, -2) }];
    const found = run(steps);
    expect(onlyExchange(found)).toMatchObject({ complete: false, error: { code: 'connection-closed' } });
    expect(lines(found)[0]).toBe('server close 1000 bye');
  });

  test('what follows a Close frame is nothing', () => {
    expect(lines(run([client(close(1000), text('late')), server(text('still'), close(1000))]))).toEqual([
      'client close 1000',
      'server text still',
      'server close 1000',
    ]);
  });
});

describe('limits', () => {
  test('of the messages the first are listed, all are counted', () => {
    const many = Array.from({ length: MAX_LISTED_MESSAGES + 5 }, (_, i) => text(String(i)));
    const exchange = onlyExchange(run([server(...many), ...BYE]));
    expect(exchange.messages).toHaveLength(MAX_LISTED_MESSAGES);
    expect(exchange).toMatchObject({ messageCount: many.length + 2, complete: true });
  });

  test('of the content the first bytes are kept, all are counted', () => {
    const limits = { maxBodyBytes: 8 };
    const found = run([client(text('12345678901'), text('abc')), server(text('de')), ...BYE], { limits });
    expect(lines(found)).toEqual([
      'client text 12345678 … of 11',
      'client text … of 3',
      'server text … of 2',
      'client close 1000 … of 3',
      'server close 1000 … of 3',
    ]);
  });

  test('a bomb is cut, and the messages behind it that refer to it are not guessed', () => {
    const zeros = Buffer.alloc(8 * 1024 * 1024);
    const options = { upgraded: upgraded('permessage-deflate'), wantsUpdates: true };
    const referring = deflate(zeros.subarray(0, 500), zeros.subarray(0, 32_768));
    const steps = [
      client({ opcode: BINARY, rsv: 4, payload: deflate(zeros) }),
      client({ opcode: BINARY, rsv: 4, payload: referring }),
      client(deflated('fresh')),
    ];
    const [bomb, after, fresh] = run(steps, options).announced[0]?.messages ?? [];
    expect(bomb?.content).toMatchObject({ truncated: true, size: 4 * 1024 * 1024 });
    expect(bomb?.content.captured).toBe(1_048_576);
    expect(after?.content).toMatchObject({ contentEncoding: 'permessage-deflate', size: referring.length });
    expect(after?.content.decoded().error).toBeDefined();
    expect(fresh?.content.text()).toBe('fresh');
  });
});

describe('announcements', () => {
  test('the flow opens with its handshake, each message is told with all of its content', () => {
    const limits = { maxBodyBytes: 8 };
    const steps = [client(text('12345678')), server(text('abc')), ...BYE];
    const { announced } = run(steps, { wantsUpdates: true, limits });
    expect(announced).toHaveLength(1);
    expect(announced[0]?.exchange).toMatchObject({ protocol: 'websocket', response: { status: 101 }, messageCount: 0 });
    expect(announced[0]?.messages.map(({ content }) => content.text())).toEqual(['12345678', 'abc', 'bye', 'bye']);
    expect(announced[0]?.endedAs).toBe(0);
  });
});
