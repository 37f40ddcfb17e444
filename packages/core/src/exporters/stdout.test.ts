// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bodyOf, exchangeFlow, flowArbitrary, opaqueFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import { ConfigError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import type { FlowMessage } from '../flow/flow-message.js';
import { type StdoutOptions, stdout } from './stdout.js';
import { formatBytes, formatDuration, formatTime } from './terminal-text.js';

const signal = new AbortController().signal;

async function print(flow: Flow, options: StdoutOptions = {}): Promise<string> {
  const stream = new PassThrough();
  const exporter = stdout({ stream, ...options });
  await exporter.start?.();
  expect(await exporter.export([flow], { signal })).toEqual({ status: 'ok' });
  await exporter.shutdown();
  return String(stream.read());
}

const time = formatTime(exchangeFlow().startTimeMs);

it('shows an exchange as a block', async () => {
  const request = requestOf({
    method: 'POST',
    target: '/a?b=c',
    headers: [
      ['Host', 'localhost:8443'],
      ['Accept', '*/*'],
    ],
    body: bodyOf('{"a":1}'),
  });
  expect(await print(exchangeFlow({ request }))).toBe(
    [
      `→ ${time}  curl(1234)  POST https://localhost:8443/a?b=c  200 OK  12.3 ms  ↑ 7 B ↓ 5 B`,
      '  > Host: localhost:8443',
      '  > Accept: */*',
      '  │ {"a":1}',
      '  < Content-Type: text/plain',
      '  │ hello',
      '',
      '',
    ].join('\n'),
  );
});

it('shows which way the request went', async () => {
  expect(await print(exchangeFlow({ role: 'server' }))).toMatch(/^← .*↑ 5 B ↓ 0 B/);
  expect(await print(exchangeFlow({ role: 'unknown' }))).toMatch(/^· /);
});

it('shows one line per flow without details', async () => {
  expect(await print(exchangeFlow(), { details: false })).toBe(
    `→ ${time}  curl(1234)  GET https://localhost:8443/  200 OK  12.3 ms  ↑ 0 B ↓ 5 B\n`,
  );
});

it('shows an opaque connection with its reason', async () => {
  expect(await print(opaqueFlow({ sni: 'example.org', alpn: ['h2', 'http/1.1'] }))).toBe(
    `→ ${time}  curl(1234)  TLS example.org [::1]:8443 (h2, http/1.1)  not readable: The process uses GnuTLS, ` +
      'which Flowtap cannot read.  12.3 ms  ↑ 700 B ↓ 4.9 KiB\n\n',
  );
});

it('shows the other end of a connection of which nobody saw who began it', async () => {
  const { source: _, destination: remote, ...ends } = opaqueFlow({ role: 'unknown' });
  const text = await print({ ...ends, ...(remote === undefined ? {} : { remote }) });
  expect(text).toContain(`· ${time}  curl(1234)  TLS [::1]:8443  not readable`);
});

it('says what is missing', async () => {
  const { response: _, ...unanswered } = exchangeFlow({
    complete: false,
    error: { code: 'closed', message: 'It was closed.' },
    gaps: [{ direction: 'ingress', offset: 0, bytes: 2048, reason: 'ring-full' }],
  });
  const text = await print(unanswered);
  expect(text).toContain('no response');
  expect(text).toContain('✗ incomplete: It was closed.');
  expect(text).toContain('! 2.0 KiB that were received were not captured (ring-full)');
  const { request: __, ...joinedLate } = exchangeFlow();
  expect(await print(joinedLate)).toContain('(request not seen)');
});

it('shows messages of other protocols as JSON', async () => {
  const flow = { ...exchangeFlow(), protocol: 'redis', request: { command: 'GET' }, response: { value: 'x\u001b' } };
  const text = await print(flow as unknown as Flow);
  expect(text).toContain('redis  answered');
  expect(text).toContain('  > {"command":"GET"}\n  < {"value":"x\\u001b"}');
});

describe('bodies', () => {
  const printBody = (body: ReturnType<typeof bodyOf>, options?: StdoutOptions) =>
    print(exchangeFlow({ response: responseOf({ body }) }), options);

  it('are shown in part when they are long', async () => {
    const text = await printBody(bodyOf('x'.repeat(5000)), { maxBodyBytes: 100 });
    expect(text).toContain(`  │ ${'x'.repeat(100)}\n  │ [… 4.9 KiB in all]`);
    const lines = await printBody(bodyOf('y\n'.repeat(400)));
    expect(lines.match(/│ y/g)).toHaveLength(24);
    expect(await printBody(bodyOf('z'), { maxBodyBytes: 0 })).not.toContain('│ z');
  });

  it('are described when they are binary', async () => {
    expect(await printBody(bodyOf(Buffer.from([0xff, 0x1b])))).toContain('  │ [text/plain, 2 B in all]');
  });

  it('are shown without their content coding', async () => {
    const body = bodyOf(gzipSync('plain words'), { contentEncoding: 'gzip' });
    expect(await printBody(body)).toContain('│ plain words');
  });

  it('tell what was captured', async () => {
    expect(await printBody(bodyOf('abc', { size: 3000 }))).toContain('[… 2.9 KiB in all, 3 B captured]');
  });
});

describe('a terminal', () => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r\n\u202e\u2066\u200f\u0000\u007f';

  it('gets colours only when it is one', async () => {
    expect(await print(exchangeFlow())).not.toContain('\u001b');
    expect(await print(exchangeFlow(), { color: true })).toContain('\u001b[1;32m200 OK\u001b[0m');
  });

  it('is not at the mercy of the traffic', async () => {
    const text = await print(
      exchangeFlow({
        process: { pid: 1, comm: evil },
        request: requestOf({
          method: evil,
          target: evil,
          authority: evil,
          headers: [[evil, evil]],
          body: bodyOf(evil),
        }),
        response: responseOf({ reason: evil, headers: [['Content-Type', evil]], body: bodyOf(Buffer.from([0xff])) }),
        error: { code: 'x', message: evil },
      }),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2066\u200f]/);
    expect(text).toContain('\\x1b]0;owned\\x07\\x1b[2J\\x9b31m');
    for (const line of text.split('\n').slice(1)) expect(line).toMatch(/^($| {2}[><│!✗] )/);
  });

  it('never gets a control character, whatever the flow', async () => {
    await fc.assert(
      fc.asyncProperty(flowArbitrary, async (flow) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
        expect(await print(flow)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 100 },
    );
  });
});

it('waits for a slow reader', async () => {
  let pass = () => {};
  const stream = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      pass = done;
    },
  });
  const exporter = stdout({ stream });
  await exporter.start?.();
  let done = false;
  const result = exporter.export([exchangeFlow()], { signal }).finally(() => {
    done = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(done).toBe(false);
  pass();
  expect(await result).toEqual({ status: 'ok' });
});

it('survives a closed pipe', async () => {
  const child = spawn('sh', ['-c', 'exec 0<&-; echo closed; exec sleep 60'], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => {
    child.kill();
  });
  await once(child.stdout, 'data');
  const exporter = stdout({ stream: child.stdin });
  await exporter.start?.();
  for (let i = 0; i < 3; i++) {
    expect(await exporter.export([exchangeFlow()], { signal })).toMatchObject({
      status: 'failed',
      error: { code: 'EPIPE' },
    });
  }
  await exporter.shutdown();
});

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [102_400, '100 KiB'],
  [20 * 1024 * 1024, '20.0 MiB'],
])('writes %i bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [0.349, '0.35 ms'],
  [12.34, '12.3 ms'],
  [99.96, '100 ms'],
  [1234, '1.23 s'],
  [123_000, '2 min 3 s'],
])('writes %d milliseconds as %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

it.each([-1, 1.5, Number.NaN])('refuses to show %d bytes of a body', (maxBodyBytes) => {
  expect(() => stdout({ maxBodyBytes })).toThrow(ConfigError);
});

describe('what lives long', () => {
  const flow = exchangeFlow({
    protocol: 'websocket',
    scheme: 'wss',
    request: requestOf({ target: '/chat' }),
    response: responseOf({ status: 101, reason: 'Switching Protocols', headers: [], body: bodyOf('') }),
    messages: [],
    messageCount: 0,
    complete: false,
  } as Partial<Flow> as object);

  async function tell(message: Partial<FlowMessage> | undefined, of = flow): Promise<string> {
    const stream = new PassThrough();
    const exporter = stdout({ stream, maxBodyBytes: 20 });
    await exporter.start?.();
    const progress = {
      flowId: of.id,
      flow: of,
      index: 0,
      message: { sender: 'client', offsetMs: 1000, type: 'text', content: bodyOf('hello'), ...message } as FlowMessage,
    };
    const update =
      message === undefined ? ({ kind: 'open', flow: of } as const) : ({ kind: 'message', ...progress } as const);
    expect(await exporter.exportUpdates?.([update], { signal })).toEqual({ status: 'ok' });
    await exporter.shutdown();
    return String(stream.read() ?? '');
  }
  const later = formatTime(flow.startTimeMs + 1000);
  const start = `${later}  curl(1234)  wss://localhost:8443/chat`;

  it('has a line when it opens, and one for each message', async () => {
    expect(await tell(undefined)).toBe(
      `→ ${time}  curl(1234)  GET wss://localhost:8443/chat  101 Switching Protocols  open\n`,
    );
    expect(await tell({})).toBe(`↑ ${start}  text  hello  5 B\n`);
    expect(await tell({ sender: 'server', type: 'binary' })).toBe(`↓ ${start}  binary  5 B\n`);
    expect(await tell({ type: 'close', closeCode: 1000, content: bodyOf('bye') })).toBe(
      `↑ ${start}  close 1000  bye  3 B\n`,
    );
    expect(await tell({ type: 'event', event: 'tick', content: bodyOf('a\u001b[2J'.repeat(9)) })).toContain(
      'tick  a\\x1b[2Ja\\x1b[2Ja\\x1b[2Ja\\x1b[2J…  45 B',
    );
  });

  it('is told of before its end; a request and a short call are not', async () => {
    expect(await tell(undefined, exchangeFlow({ complete: false }))).toBe('');
    expect(await tell({ type: 'grpc', offsetMs: 999, compressed: false })).toBe('');
    expect(await tell({ type: 'grpc', offsetMs: 1000, compressed: false })).toMatch(/chat {2}message {2}5 B\n$/);
    const decoded = () => ({ type: 'a.B', json: { name: 'x' } });
    expect(await tell({ type: 'grpc', offsetMs: 1000, compressed: false, decoded })).toContain(
      'message  {"name":"x"}  5 B',
    );
  });

  it('is summed up at its end', async () => {
    expect(await print({ ...flow, complete: true, messageCount: 3 }, { details: false })).toContain(
      '12.3 ms  3 messages\n',
    );
  });
});
