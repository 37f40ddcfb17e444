// SPDX-License-Identifier: Apache-2.0
import type { ParsedExchange } from '@flowtap/core';
import { type ParserRunOptions, type ParserStep, parserContext, runParser, testProtocol } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { bulk, client, command, line, lines, requestOf, responseOf, type Step, server } from '../test/resp.js';
import { redis } from './plugin.js';

function run(steps: readonly ParserStep[], options: ParserRunOptions = {}) {
  return runParser(redis(), steps, { connection: { role: 'client' }, ...options });
}

interface Vector {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly expected: readonly string[];
  readonly detects?: boolean;
  readonly joinedLate?: boolean;
}

const VECTORS: readonly Vector[] = [
  {
    name: 'a command and its reply',
    steps: [client(command('get', 'key')), server('$5\r\nvalue\r\n')],
    expected: ['GET key → "value"'],
  },
  {
    name: 'every type of RESP2',
    steps: [
      client(command('A'), command('B'), command('C'), command('D'), command('E'), command('F')),
      server('+OK\r\n:-12\r\n$-1\r\n*-1\r\n*2\r\n:1\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n-ERR no\r\n'),
    ],
    expected: ['A → "OK"', 'B → -12', 'C → (nil)', 'D → (nil)', 'E → [1, ["a", ""]]', 'F → ERR no'],
  },
  {
    name: 'every type of RESP3',
    steps: [
      client(...'ABCDEFGHI'.split('').map((name) => command(name))),
      server('_\r\n#t\r\n,-1.5e3\r\n,inf\r\n(12345678901234567890123\r\n=8\r\ntxt:text\r\n!7\r\nERR oh!\r\n'),
      server('%2\r\n+a\r\n:1\r\n+b\r\n~1\r\n#f\r\n~2\r\n:1\r\n-ERR in\r\n'),
    ],
    expected: [
      'A → (nil)',
      'B → true',
      'C → -1500',
      'D → inf',
      'E → 12345678901234567890123',
      'F → "text"',
      'G → ERR oh!',
      'H → {"a": 1, "b": [false]}',
      'I → [1, ERR in]',
    ],
  },
  {
    name: 'attributes, of the reply and within it',
    steps: [
      client(command('A'), command('B')),
      server('|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n*2\r\n|1\r\n+k\r\n*1\r\n:1\r\n:7\r\n|0\r\n:8\r\n'),
    ],
    expected: ['A → "x"', 'B → [7, 8]'],
  },
  {
    name: 'streamed strings and aggregates',
    steps: [
      client(command('A'), command('B'), command('C')),
      server('$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n*?\r\n:1\r\n*?\r\n.\r\n$?\r\n;0\r\n.\r\n%?\r\n+k\r\n:1\r\n.\r\n'),
    ],
    expected: ['A → "Hello"', 'B → [1, [], ""]', 'C → {"k": 1}'],
  },
  {
    name: 'lines that somebody types',
    steps: [client('PING\r\n\r\nset  "a b"\t\'c\\\'d\'\nget "\\x41\\n"\r\n'), server('+PONG\r\n+OK\r\n$-1\r\n')],
    expected: ['PING → "PONG"', `SET "a b" "c'd" → "OK"`, 'GET "A\\n" → (nil)'],
  },
  {
    name: 'a transaction',
    steps: [
      client(command('MULTI'), command('INCR', 'n'), command('LPUSH', 'n', '1'), command('EXEC')),
      server('+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n-WRONGTYPE no list\r\n'),
    ],
    expected: ['MULTI → "OK"', 'INCR n → "QUEUED"', 'LPUSH n 1 → "QUEUED"', 'EXEC → [1, WRONGTYPE no list]'],
  },
  {
    name: 'subscriptions of RESP2',
    steps: [
      client(command('SUBSCRIBE', 'a', 'b')),
      server('*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nearly\r\n'),
      server('*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n'),
      client(command('PSUBSCRIBE', 'x*'), command('PING')),
      server(
        '*3\r\n$10\r\npsubscribe\r\n$2\r\nx*\r\n:3\r\n*4\r\n$8\r\npmessage\r\n$2\r\nx*\r\n$2\r\nx1\r\n$2\r\nhi\r\n',
      ),
      server('*2\r\n$4\r\npong\r\n$0\r\n\r\n'),
      client(command('UNSUBSCRIBE'), command('PUNSUBSCRIBE'), command('GET', 'k')),
      server('*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:2\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:1\r\n'),
      server('*3\r\n$12\r\npunsubscribe\r\n$2\r\nx*\r\n:0\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n'),
    ],
    expected: [
      'PSUBSCRIBE x* → [["psubscribe", "x*", 3]]',
      'PING → ["pong", ""]',
      'UNSUBSCRIBE → [["unsubscribe", "a", 2], ["unsubscribe", "b", 1]]',
      'PUNSUBSCRIBE → [["punsubscribe", "x*", 0]]',
      'SUBSCRIBE a b → [["subscribe", "a", 1], ["subscribe", "b", 2]] | message a early | pmessage x1 x* hi',
      'GET k → ["message", "a", "b"]',
    ],
  },
  {
    name: 'pushes of RESP3 between replies',
    steps: [
      client(command('HELLO', '3'), command('SUBSCRIBE', 'a'), command('GET', 'k')),
      server('%1\r\n+proto\r\n:3\r\n>3\r\n+subscribe\r\n+a\r\n:1\r\n>3\r\n+message\r\n+a\r\n+one\r\n$1\r\nv\r\n'),
      server('>3\r\n+message\r\n+a\r\n+two\r\n'),
      client(command('UNSUBSCRIBE')),
      server('>3\r\n+unsubscribe\r\n+a\r\n:0\r\n'),
    ],
    expected: [
      'HELLO 3 → {"proto": 3}',
      'GET k → "v"',
      'UNSUBSCRIBE → [["unsubscribe", "a", 0]]',
      'SUBSCRIBE a → [["subscribe", "a", 1]] | message a one | message a two',
    ],
  },
  {
    name: 'invalidations, which no command asked for by itself',
    steps: [
      client(command('CLIENT', 'TRACKING', 'on')),
      server('+OK\r\n>2\r\n+invalidate\r\n*1\r\n+k\r\n>2\r\n+invalidate\r\n_\r\n'),
    ],
    expected: ['CLIENT TRACKING on → "OK"', '– → – !sent-unasked | invalidate ["k"] | invalidate'],
  },
  {
    name: 'MONITOR until RESET',
    steps: [
      client(command('MONITOR')),
      server('+OK\r\n+1339518083.107412 [0 127.0.0.1:60866] "get" "x"\r\n'),
      client(command('RESET'), command('ECHO', 'x')),
      server('+1339518083.107413 [0 lua] "auth" "me" "secret"\r\n+RESET\r\n+1339518083.107412 [0 a] "x"\r\n'),
    ],
    expected: [
      'RESET → "RESET"',
      'MONITOR → "OK" | monitor 1339518083.107412 [0 127.0.0.1:60866] "get" "x" | monitor 1339518083.107413 [0 lua] "auth" "me" "[redacted]"',
      'ECHO x → "1339518083.107412 [0 a] \\"x\\""',
    ],
  },
  {
    name: 'commands to which the client wants no reply',
    steps: [
      client(command('CLIENT', 'REPLY', 'SKIP'), command('SET', 'a', '1'), command('GET', 'a')),
      client(command('CLIENT', 'REPLY', 'OFF'), command('SET', 'a', '2'), command('CLIENT', 'REPLY', 'ON')),
      server('$1\r\n1\r\n+OK\r\n'),
    ],
    expected: [
      'CLIENT REPLY SKIP → – !reply-off',
      'SET a 1 → – !reply-off',
      'CLIENT REPLY OFF → – !reply-off',
      'SET a 2 → – !reply-off',
      'GET a → "1"',
      'CLIENT REPLY ON → "OK"',
    ],
  },
  {
    name: 'bytes that are no text, and empty strings',
    steps: [
      client(command('SET', 'k', Buffer.from([0, 255])), command('GET', '')),
      server('+OK\r\n', bulk(Buffer.alloc(3, 200))),
    ],
    expected: ['SET k (2 B) → "OK"', 'GET "" → (3 B)'],
  },
  {
    name: 'a client that leaves before the reply',
    steps: [client(command('BLPOP', 'q', '0'), command('GET', 'k'))],
    expected: ['BLPOP q 0 → – !no-response', 'GET k → – !no-response'],
  },
  {
    name: 'replication, which is not read',
    steps: [client(command('PSYNC', '?', '-1')), server('+FULLRESYNC abc 0\r\n$5\r\nREDIS*1\r\n$4\r\nPING\r\n')],
    expected: ['PSYNC ? -1 → "FULLRESYNC abc 0"'],
  },
  {
    name: 'joined late: certain when the client has waited several times',
    joinedLate: true,
    steps: [
      server('$3\r\nold\r\n'),
      client(command('GET', 'a'), command('GET', 'b')),
      server('$1\r\n1\r\n$1\r\n2\r\n'),
      client(command('GET', 'c')),
      server('$1\r\n3\r\n'),
      client(command('GET', 'd')),
      server('$1\r\n4\r\n'),
      client(command('GET', 'e')),
    ],
    expected: [
      '– → "old" !request-not-captured',
      'GET a → "1"',
      'GET b → "2"',
      'GET c → "3"',
      'GET d → "4"',
      'GET e → – !no-response',
    ],
  },
];

describe('conversations, whole, byte by byte, at every split and with gaps at every place', () => {
  test.each(VECTORS)('$name', ({ name, steps, expected, detects = true, joinedLate = false }) => {
    const options = { connection: { role: 'client' as const }, joinedLate };
    expect(lines(run(steps, options))).toEqual(expected);
    testProtocol(redis(), [{ name, messages: steps, verify: () => {}, detects, ...options }]);
  });
});

test('the direction of the commands is found where nobody knows the role', () => {
  for (const { steps, expected } of VECTORS.filter(({ joinedLate }) => joinedLate !== true)) {
    expect(lines(runParser(redis(), steps))).toEqual(expected);
  }
});

describe('pipelines', () => {
  test('of 1,000 commands are 1,000 exchanges, each with its own reply', () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    const { exchanges, counts } = run([
      client(...numbers.map((i) => command('ECHO', String(i)))),
      server(...numbers.map((i) => bulk(String(i)))),
    ]);
    expect(exchanges).toHaveLength(1000);
    for (const exchange of exchanges) expect(responseOf(exchange)?.value).toBe(requestOf(exchange)?.arguments[0]);
    expect(counts).toEqual({});
  });

  test('of many small commands are whole beyond the number of exchanges that may wait', () => {
    const { exchanges } = run(
      [client(...Array.from({ length: 3000 }, () => command('PING'))), server('+PONG\r\n'.repeat(3000))],
      { limits: { maxPendingExchanges: 10 } },
    );
    expect(exchanges).toHaveLength(3000);
    expect(exchanges.every(({ complete }) => complete)).toBe(true);
  });

  test('beyond both limits the oldest are let go, and the others still get their own replies', () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const steps = [
      client(...numbers.map((i) => command('ECHO', String(i).padStart(100)))),
      server(...numbers.map((i) => bulk(String(i).padStart(100)))),
    ];
    const { exchanges, counts } = run(steps, { limits: { maxPendingExchanges: 5, maxBodyBytes: 200 } });
    expect(exchanges).toHaveLength(20);
    expect(counts).toEqual({ 'too-many-pending': 15 });
    const paired = exchanges.filter(({ response }) => response !== undefined);
    expect(paired).toHaveLength(5);
    for (const exchange of paired) expect(responseOf(exchange)?.value).toEqual(requestOf(exchange)?.arguments[0]);
  });

  test('a reply that overtakes its command, which another thread wrote, is its reply', () => {
    expect(lines(run([server('+1\r\n'), client(command('A'), command('B')), server('+2\r\n')]))).toEqual([
      'A → "1"',
      'B → "2"',
    ]);
  });
});

describe('gaps', () => {
  test('within a value cost nothing but its bytes', () => {
    const steps: ParserStep[] = [
      client(command('GET', 'k'), command('PING')),
      server('$10\r\nabc'),
      { direction: 'ingress', gapBytes: 4 },
      server('xyz\r\n+PONG\r\n'),
    ];
    const found = run(steps);
    expect(lines(found)).toEqual(['GET k → "abc"… of 10 B', 'PING → "PONG"']);
    expect(found.exchanges[0]).toMatchObject({ complete: true, gaps: [{ direction: 'ingress', bytes: 4 }] });
    expect(responseOf(found.exchanges[0])?.truncated).toBe(true);
  });

  test('in replies: nothing is guessed until the client has waited for all', () => {
    const found = run([
      client(command('A'), command('B')),
      { direction: 'ingress', gapBytes: 5 },
      server('+2\r\n'),
      client(command('C'), command('D')),
      server('+3\r\n+4\r\n'),
    ]);
    expect(lines(found)).toEqual(['A → – !response-not-captured', 'B → "2"', 'C → "3"', 'D → "4"']);
    expect(found.counts).toEqual({ resync: 1 });
  });

  test('in commands: what waited before keeps its replies', () => {
    const found = run([
      client(command('A')),
      { direction: 'egress', gapBytes: 500 },
      client(command('C')),
      server('+1\r\n+2\r\n+3\r\n'),
      client(command('D')),
      server('+4\r\n'),
    ]);
    expect(lines(found)).toEqual(['A → "1"', '– → "2" !request-not-captured', 'C → "3"', 'D → "4"']);
  });

  test('a client that does not wait for its replies is not believed', () => {
    const found = run(
      [
        client(command('A')),
        server('+0\r\n'),
        client(command('B')),
        client(command('C')),
        server('+1\r\n'),
        client(command('D')),
        server('+2\r\n'),
      ],
      { joinedLate: true },
    );
    expect(lines(found)).toEqual([
      'A → – !pairing-uncertain',
      'B → – !pairing-uncertain',
      'C → – !pairing-uncertain',
      '– → "0" !pairing-uncertain',
      '– → "1" !pairing-uncertain',
      'D → – !pairing-uncertain',
      '– → "2" !pairing-uncertain',
    ]);
    expect(found.exchanges.every(({ joined, complete }) => joined === 'late' && !complete)).toBe(true);
  });

  test('a connection of which it is learnt later that it was seen from its start is no late one', () => {
    let isLate = true;
    const emitted: ParsedExchange[] = [];
    const context = parserContext({ role: 'client', emit: (exchange) => emitted.push(exchange) });
    const parser = redis().createParser(Object.defineProperty(context, 'joinedLate', { get: () => isLate }));
    const offsets = { ingress: 0, egress: 0 };
    const feed = ({ direction, bytes }: Step) => {
      parser.data({ direction, bytes, offset: offsets[direction], timestampNs: 0 });
      offsets[direction] += bytes.length;
    };
    feed(client(command('A'), command('B')));
    isLate = false;
    for (const step of [server('+1\r\n'), client(command('C')), server('+2\r\n+3\r\n')]) feed(step);
    expect(emitted.map(line)).toEqual(['A → "1"', 'B → "2"', 'C → "3"']);
    expect(emitted.every(({ joined }) => joined === undefined)).toBe(true);
  });

  test('the end of the capture proves nothing, unless a pause came before it', () => {
    const steps = [client(command('A')), server('+1\r\n'), client(command('B')), server('+2\r\n')];
    const halves = lines(run(steps, { joinedLate: true, closeReason: 'end' }));
    expect(halves).toEqual([
      'A → – !capture-ended',
      'B → – !capture-ended',
      '– → "1" !pairing-uncertain',
      '– → "2" !pairing-uncertain',
    ]);
    const emitted: ParsedExchange[] = [];
    const context = parserContext({ role: 'client', joinedLate: true, emit: (exchange) => emitted.push(exchange) });
    const parser = redis().createParser(context);
    parser.data({ direction: 'egress', offset: 0, bytes: command('A'), timestampNs: 0 });
    parser.data({ direction: 'ingress', offset: 0, bytes: Buffer.from('+1\r\n'), timestampNs: 1 });
    parser.close('end', 2e9);
    expect(emitted.map(line)).toEqual(['A → "1"']);
  });

  test('in doubt no more is kept than a few large replies', () => {
    const large = bulk('x'.repeat(100_000));
    const steps = [client(...Array.from({ length: 10 }, () => command('GET', 'k'))), server(...Array(10).fill(large))];
    const found = run(steps, { joinedLate: true, limits: { maxBodyBytes: 50_000 } });
    expect(found.exchanges.filter(({ response }) => response !== undefined)).toHaveLength(10);
    expect(found.counts).toEqual({ 'pairing-uncertain': 1 });
  });

  test('at a server one turn is enough', () => {
    const swapped = (step: Step): Step => ({ ...step, direction: step.direction === 'egress' ? 'ingress' : 'egress' });
    const steps = [client(command('GET', 'a')), server('+old\r\n+1\r\n'), client(command('GET', 'b'))].map(swapped);
    const found = run(steps, { joinedLate: true, connection: { role: 'server' } });
    expect(lines(found)).toEqual(['– → "old" !request-not-captured', 'GET a → "1"', 'GET b → – !no-response']);
  });

  test('a large pipeline is found again in the middle of a chunk', () => {
    const rest = Buffer.concat([Buffer.from('lue\r\n'), command('GET', 'x'), command('GET', 'y')]);
    const found = run([client(rest), server('+1\r\n+2\r\n'), client(command('PING'))], { joinedLate: true });
    expect(lines(found).slice(0, 2)).toEqual(['GET x → "1"', 'GET y → "2"']);
    expect(found.counts).toEqual({ 'bytes-without-messages': 5 });
  });

  test('a confirmation tells which command it answers', () => {
    const found = run(
      [
        client(command('GET', 'a'), command('SUBSCRIBE', 'c')),
        server('+old\r\n', '$1\r\n1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n'),
      ],
      { joinedLate: true },
    );
    expect(lines(found)).toEqual([
      '– → "old" !request-not-captured',
      'GET a → "1"',
      'SUBSCRIBE c → [["subscribe", "c", 1]]',
    ]);
  });

  test('a subscriber that was joined late: its messages, without what asked for them', () => {
    const message = '*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n';
    const found = run([server(message, message)], { joinedLate: true, closeReason: 'end' });
    expect(lines(found)).toEqual(['– → – !capture-ended | message a hi | message a hi']);
    expect(found.exchanges[0]).toMatchObject({ joined: 'late', messageCount: 2, complete: false });
  });

  test('of a subscription say that messages may be missing', () => {
    const found = run([
      client(command('SUBSCRIBE', 'a')),
      server('*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n'),
      { direction: 'ingress', gapBytes: 50 },
      server('*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n'),
    ]);
    expect(lines(found)).toEqual(['SUBSCRIBE a → [["subscribe", "a", 1]] !response-not-captured | message a hi']);
    expect(found.exchanges[0]).toMatchObject({ messagesLost: true, gaps: [{ bytes: 50 }] });
  });
});

describe('what is no RESP', () => {
  test.each([
    ['a length that is none', '$x\r\n'],
    ['a line end that is none', '$1\r\nab\r\n'],
    ['a type that is none', '"quoted"\r\n'],
    ['a chunk of nothing', ';3\r\nabc\r\n'],
    ['an end of nothing', '.\r\n'],
    ['a line without end', `:${'1'.repeat(100)}`],
    ['arrays in arrays without end', '*1\r\n'.repeat(500)],
  ])('%s', (_, bytes) => {
    const found = run([client(command('GET', 'k')), server(bytes)]);
    expect(requestOf(found.exchanges[0])?.command).toBe('GET');
    expect(found.exchanges[0]?.complete).toBe(false);
    expect(found.counts['malformed-message']).toBe(1);
  });
});

describe('limits', () => {
  test('of large values the first bytes are kept, and the true size is told', () => {
    const found = run([client(command('SET', 'k', 'x'.repeat(500))), server(bulk('y'.repeat(300)))], {
      limits: { maxBodyBytes: 100 },
    });
    const [exchange] = found.exchanges;
    expect(requestOf(exchange)?.arguments).toEqual(['k', { type: 'cut', size: 500, kept: 'x'.repeat(67) }]);
    expect(responseOf(exchange)?.value).toEqual({ type: 'cut', size: 300, kept: 'y'.repeat(100) });
    expect(responseOf(exchange)).toMatchObject({ size: 308, truncated: true });
    expect(exchange?.complete).toBe(true);
  });

  test('of long arrays the first items are kept, and their number is told', () => {
    const steps = [client(command('LRANGE', 'k', '0', '-1')), server(`*1000\r\n${':1\r\n'.repeat(1000)}`)];
    const [exchange] = run(steps, { limits: { maxBodyBytes: 100 } }).exchanges;
    expect(responseOf(exchange)?.value).toEqual({ type: 'array', count: 1000, items: [1, 1, 1, 1] });
    expect(responseOf(exchange)?.truncated).toBe(true);
  });

  test('nothing is kept where nothing may be, and effects of commands are still known', () => {
    const steps = [
      client(command('CLIENT', 'REPLY', 'SKIP'), command('SET', 'k', 'v'), command('GET', 'k')),
      server('$1\r\nv\r\n'),
    ];
    const { exchanges } = run(steps, { limits: { maxBodyBytes: 0 } });
    expect(exchanges.map((exchange) => [requestOf(exchange)?.command, requestOf(exchange)?.arguments])).toEqual([
      ['CLIENT', []],
      ['SET', []],
      ['GET', []],
    ]);
    expect(requestOf(exchanges[1])?.argumentCount).toBe(2);
    expect(responseOf(exchanges[2])?.value).toEqual({ type: 'cut', size: 1, kept: '' });
  });
});

test('a stream is announced, and its messages as they come', () => {
  const steps = [
    client(command('SUBSCRIBE', 'a')),
    server('*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n'),
  ];
  const { announced } = run(steps, { wantsUpdates: true });
  expect(announced).toMatchObject([{ messages: [{ type: 'pushed', topic: 'a' }], endedAs: 0 }]);
});
