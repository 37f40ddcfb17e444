// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, parseJsonLines } from './support/flow.js';
import { attach, type Capture, startFlowtap, startRun } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { RedisServer, type RedisTransport } from './support/redis.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const nodeClient = fileURLToPath(new URL('./support/node/redis-client.mjs', import.meta.url));

/** What a client says that it asked and got. */
interface Logged {
  readonly words: readonly string[];
  readonly reply?: unknown;
  readonly error?: string;
}

interface RedisRequest {
  readonly command: string;
  readonly arguments: readonly unknown[];
}

interface RedisResponse {
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

const LONG = 'a value of some length; '.repeat(20_000);

const COMMANDS: readonly (readonly string[])[] = [
  ['SET', 'text', 'grüße'],
  ['GET', 'text'],
  ['GET', 'nothing'],
  ['SET', 'long', LONG],
  ['GET', 'long'],
  ['INCR', 'count'],
  ['INCR', 'text'],
  ['RPUSH', 'list', 'a', 'b c', ''],
  ['LRANGE', 'list', '0', '-1'],
  ['HSET', 'hash', 'one', '1', 'two', '2'],
  ['HGETALL', 'hash'],
  ['SADD', 'set', 'member'],
  ['SMEMBERS', 'set'],
  ['ZADD', 'sorted', '1.5', 'x'],
  ['ZSCORE', 'sorted', 'x'],
  ['EVAL', 'return {1, {"two", false}, 3}', '0'],
  ['MULTI'],
  ['INCR', 'count'],
  ['GET', 'list'],
  ['EXEC'],
  ['BLPOP', 'list', '1'],
  ['NOSUCH', 'thing'],
];

/** A value of a flow as the clients print it. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  const { type, entries, items, message } = value as Record<string, unknown>;
  if (type === 'map') return (entries as [unknown, unknown][]).map(([key, item]) => [shown(key), shown(item)]);
  if (type === 'set') return shown(items);
  return type === 'error' ? { error: message } : value;
}

function logOf({ request, response }: Flow): Logged {
  const { command, arguments: rest } = request as unknown as RedisRequest;
  const { value, error } = (response ?? {}) as unknown as RedisResponse;
  const words = [command, ...rest] as string[];
  return error === undefined ? { words, reply: shown(value) } : { words, error: error.message };
}

/** What clients ask of their own accord when they begin. */
const GREETINGS = ['HELLO', 'CLIENT', 'COMMAND'];

/** Flows of what the test asked, in order. */
function asked(flows: readonly Flow[]): readonly Flow[] {
  return flows.filter(({ request }) => {
    const { command } = (request ?? {}) as unknown as RedisRequest;
    return !GREETINGS.includes(command);
  });
}

function expectFlows(flows: readonly Flow[], logged: readonly Logged[], transport: RedisTransport, role: string): void {
  expect(flows.map(logOf)).toEqual(logged);
  for (const flow of flows) {
    expect(flow).toMatchObject({ protocol: 'redis', scheme: 'redis', role, complete: true, tls: transport === 'tls' });
  }
  const { destination } = flows[0] ?? {};
  if (transport === 'unix') expect(destination?.path).toBe(scene.path('redis.sock'));
  else expect(destination?.address).toBe('127.0.0.1');
}

/** Both ends of one client, captured apart: the client is started, the server runs already. */
async function captureBoth(server: RedisServer, command: readonly string[], input: string, count: number) {
  const atServer = await attach(scene, ['--pid', server.pid]);
  const atClient = await startRun(scene, command, [], { input });
  const client = await atClient.end();
  await until(atServer, count);
  return { client, server: await atServer.stop() };
}

async function until(capture: Capture, count: number): Promise<void> {
  await capture.flowCount(count);
}

const NEEDS = ['redis-server', 'redis-cli', 'openssl'];

describeLive('Redis', NEEDS, () => {
  describe.each<[RedisTransport, number]>([
    ['plain', 2],
    ['plain', 3],
    ['tls', 3],
    ['unix', 2],
  ])('node redis, %s, RESP%i', (transport, version) => {
    test('each command, at the client and at the server, is what the client logged', async () => {
      const redis = await RedisServer.start(scene, { certificate });
      const command = [process.execPath, nodeClient, redis.url(transport), String(version), 'commands'];
      const input = COMMANDS.map((words) => `${JSON.stringify(words)}\n`).join('');
      const { client, server } = await captureBoth(redis, command, input, COMMANDS.length);
      const logged = parseJsonLines<Logged>(client.stdout);
      expect(logged).toHaveLength(COMMANDS.length);
      expectFlows(asked(client.flows), logged, transport, 'client');
      expectFlows(asked(server.flows), logged, transport, 'server');
    });
  });

  test.each<RedisTransport>(['plain', 'tls'])('1,000 pipelined commands are 1,000 flows, %s', async (transport) => {
    const redis = await RedisServer.start(scene, { certificate });
    const command = [process.execPath, nodeClient, redis.url(transport), '3', 'pipeline'];
    const words = Array.from({ length: 1000 }, (_, i) => ['ECHO', `number ${i}`]);
    const input = words.map((one) => `${JSON.stringify(one)}\n`).join('');
    const { client, server } = await captureBoth(redis, command, input, 1000);
    const logged = parseJsonLines<Logged>(client.stdout);
    expect(logged).toHaveLength(1000);
    for (const { words: own, reply } of logged) expect(reply).toBe(own[1]);
    expectFlows(asked(client.flows), logged, transport, 'client');
    expectFlows(asked(server.flows), logged, transport, 'server');
  });

  test.each<RedisTransport>(['plain', 'tls', 'unix'])('redis-cli, %s: the same', async (transport) => {
    const redis = await RedisServer.start(scene, { certificate });
    const lines = [
      'SET k "a b"',
      'get k',
      'GET nothing',
      'LPUSH k x',
      'RPUSH l a b',
      'LRANGE l 0 -1',
      'HSET h f v',
      'HGETALL h',
    ];
    const { client, server } = await captureBoth(
      redis,
      ['redis-cli', ...redis.cliOptions(transport), '--json'],
      lines.map((line) => `${line}\n`).join(''),
      lines.length,
    );
    const wrong = 'WRONGTYPE Operation against a key holding the wrong kind of value';
    expect(client.stdout.trim().split('\n')).toEqual([
      ...['"OK"', '"a b"', 'null', `error:"${wrong}"`, '2', '["a","b"]', '1', '{"f":"v"}'],
    ]);
    const logged: readonly Logged[] = [
      { words: ['SET', 'k', 'a b'], reply: 'OK' },
      { words: ['GET', 'k'], reply: 'a b' },
      { words: ['GET', 'nothing'], reply: null },
      { words: ['LPUSH', 'k', 'x'], error: wrong },
      { words: ['RPUSH', 'l', 'a', 'b'], reply: 2 },
      { words: ['LRANGE', 'l', '0', '-1'], reply: ['a', 'b'] },
      { words: ['HSET', 'h', 'f', 'v'], reply: 1 },
      { words: ['HGETALL', 'h'], reply: [['f', 'v']] },
    ];
    expectFlows(asked(client.flows), logged, transport, 'client');
    expectFlows(asked(server.flows), logged, transport, 'server');
  });

  test.each([2, 3])('a subscription of RESP%i is one flow with its messages, shown as they come', async (version) => {
    const redis = await RedisServer.start(scene);
    const shownFlows = await startFlowtap(scene, ['attach', '--pid', String(redis.pid)]);
    await shownFlows.says('flowtap: capturing');
    const args = [nodeClient, redis.url('plain'), String(version), 'subscribe'];
    const subscriber = await startRun(scene, [process.execPath, ...args]);
    expect(await subscriber.program.line(0)).toBe('"subscribed"');
    for (const [i, message] of ['first', 'second'].entries()) {
      expect((await redis.cli('plain', ['publish', 'news', message])).stdout.trim()).toBe('1');
      expect(await subscriber.program.line(i + 1)).toBe(JSON.stringify(message));
    }
    await shownFlows.printed(/↑ .* SUBSCRIBE news {2}message news {2}second/);
    await shownFlows.printed(/PUBLISH news first {2}1 /);
    subscriber.program.closeInput();
    const { flows } = await subscriber.end();
    const [flow] = asked(flows).filter(({ messages }) => messages !== undefined);
    expect(flow).toMatchObject({
      complete: true,
      request: { command: 'SUBSCRIBE', arguments: ['news'] },
      response: { value: [['subscribe', 'news', 1]] },
      messageCount: 2,
      messages: [
        { type: 'pushed', event: 'message', topic: 'news', sender: 'server', content: { text: 'first' } },
        { content: { text: 'second' } },
      ],
    });
    await shownFlows.stop('SIGINT');
  });

  test('a connection that was open before the capture: its flows say so, and none has the reply of another', async () => {
    const redis = await RedisServer.start(scene);
    const client = await scene.start('redis-cli', [...redis.cliOptions('plain'), '--json']);
    client.write('SET before 1\n');
    expect(await client.line(0)).toBe('"OK"');
    const capture = await attach(scene, ['--pid', redis.pid]);
    for (let i = 1; i <= 5; i++) {
      client.write(`ECHO ${i}\n`);
      expect(await client.line(i)).toBe(`"${i}"`);
    }
    // Each is certain when the next one comes.
    await capture.flowCount(4);
    client.closeInput();
    await client.ended;
    await capture.flowCount(5);
    const { flows } = await capture.stop();
    expect(flows.map(logOf)).toEqual([1, 2, 3, 4, 5].map((i) => ({ words: ['ECHO', String(i)], reply: String(i) })));
    for (const flow of flows) expect(flow).toMatchObject({ joined: 'late', complete: true });
  });

  test('passwords are in no output, also without redaction', async () => {
    const redis = await RedisServer.start(scene, { password: 'hunter2' });
    const commands = [
      'AUTH hunter2',
      'CONFIG SET masterauth hunter2',
      'CONFIG GET requirepass',
      'ACL SETUSER me on >hunter2 ~*',
    ];
    const output = scene.path('all.jsonl');
    const human = await startFlowtap(scene, [
      ...['run', '--no-redact', '--output', 'stdout', '--output', `jsonl:${output}`, '--', 'redis-cli'],
      ...redis.cliOptions('plain'),
    ]);
    human.write(`${commands.join('\n')}\n`);
    human.closeInput();
    // The password that redis-cli was asked for is in its own output.
    const { stdout, stderr } = await human.ended;
    expect(stdout).toContain('hunter2');
    const json = readFileSync(output, 'utf8');
    const flows = asked(parseJsonLines<Flow>(json));
    expect(flows).toHaveLength(commands.length);
    expect(stderr).toContain('CONFIG SET masterauth [redacted]');
    expect(stderr).not.toContain('hunter2');
    expect(json).not.toContain('hunter2');
    expect(json).toContain('[redacted]');
  });
});
