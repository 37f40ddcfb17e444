// SPDX-License-Identifier: Apache-2.0
import { execFile, spawnSync } from 'node:child_process';
import { createServer } from 'node:http2';
import type { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Detection, Direction } from '@flowtap/core';
import {
  listen,
  type ParserRun,
  parserContext,
  type Recording,
  runParser,
  startRelay,
  testProtocol,
} from '@flowtap/core/testing';
import { describe, expect, test, vi } from 'vitest';
import { python } from '../../../test/support/python.js';
import { FrameType } from '../src/constants.js';
import { http2 } from '../src/index.js';
import { PROBE_BYTES } from '../src/limits.js';
import { framesIn, PREFACE } from './frames.js';
import { type Outline, outlines } from './outline.js';
import { findWrongClaims } from './truth.js';

// A busy machine may need long for so many runs.
vi.setConfig({ testTimeout: 120_000 });

const requireAll = process.env['CI'] === 'true' || process.env['FLOWTAP_REQUIRE_ALL'] === '1';
const script = fileURLToPath(new URL('./python/h2_client.py', import.meta.url));
const PATHS = ['/one?n=1', '/missing', '/post', '/two?n=2'];

type Client = (port: number) => readonly string[];

/** Programs with HTTP/2 of their own or of different libraries, in the clear, with prior knowledge. */
const clients: readonly (readonly [string, string, Client])[] = [
  // One request: curl 7.88 fails at its second one on such a connection.
  ['curl', 'curl', (port) => ['-sf', '--http2-prior-knowledge', '-d', 'a body', ...urls(port, ['/post?by=curl'])]],
  ['nghttp', 'nghttp', (port) => ['-n', '--padding=33', '-H', 'x-client: nghttp', ...urls(port, PATHS)]],
  ['h2load', 'h2load', (port) => ['-n', '4', '-c', '1', '-m', '4', ...urls(port, ['/one?n=1'])]],
  ["Python's h2", python, (port) => [script, String(port), ...PATHS]],
];

function urls(port: number, paths: readonly string[]): readonly string[] {
  return paths.map((path) => `http://127.0.0.1:${port}${path}`);
}

interface Recorded {
  /** One for each connection. */
  readonly recordings: readonly Recording[];
  /** What the server saw and answered: `method path body → status body`. */
  readonly served: readonly string[];
}

/** What passes between the program and Node's server. */
async function record(command: string, args: Client): Promise<Recorded> {
  const served: string[] = [];
  const server = createServer();
  server.on('stream', (stream, headers) => {
    let body = '';
    stream.setEncoding('latin1').on('data', (text: string) => {
      body += text;
    });
    stream.on('end', () => {
      const path = String(headers[':path']);
      const status = path.startsWith('/missing') ? 404 : 200;
      const answer = `answer to ${path}`;
      served.push(`${headers[':method']} ${path} ${body} → ${status} ${answer}`);
      stream.respond({ ':status': status, 'x-path': path, 'x-client': String(headers['x-client']) });
      stream.end(answer);
    });
  });
  const relay = await startRelay(await listen(server as unknown as Server));
  try {
    await promisify(execFile)(command, [...args(relay.port)]).catch((error: { code?: number }) => {
      // curl -f and others say by it that an answer was no success.
      if (typeof error.code !== 'number') throw error;
    });
  } finally {
    await relay.close();
    server.close();
  }
  return { recordings: relay.connections, served };
}

const options = { connection: { role: 'client' } } as const;

function described({ request, requestBody = '', response, responseBody }: Outline): string {
  return `${request?.replace(/ http:\/\/[^/]+/, ' ')} ${requestBody} → ${response} ${responseBody}`;
}

/** Behind each frame: known for what it is while there are some messages to come, and no wrong word about them. */
function checkJoinedLate(frames: Recording, whole: ParserRun): void {
  const preface = frames.findIndex(({ bytes }) => bytes.equals(Buffer.from(PREFACE)));
  for (let from = preface + 1; from < frames.length; from++) {
    const rest = frames.slice(from);
    if (rest.filter(({ bytes }) => bytes[3] === FrameType.HEADERS).length >= 3) expect(detected(rest)).toBe('match');
    const { exchanges } = runParser(http2(), rest, { ...options, joinedLate: true });
    expect(findWrongClaims(whole.exchanges, exchanges)).toEqual([]);
    for (const { joined } of exchanges) expect(joined).toBe('late');
  }
}

function detected(recording: Recording): Detection {
  const bytesOf = (direction: Direction) =>
    Buffer.concat(recording.filter((one) => one.direction === direction).map(({ bytes }) => bytes));
  const { connection } = parserContext({ joinedLate: true });
  const [egress, ingress] = [bytesOf('egress').subarray(0, PROBE_BYTES), bytesOf('ingress').subarray(0, PROBE_BYTES)];
  return http2().detect({ egress, ingress, joinedLate: true, connection, layer: 'raw' });
}

function isThere(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

describe.each(clients)('what passes between %s and Node.js', (name, command, args) => {
  const isMissing = !isThere(command);
  const title = isMissing ? ` (skipped: ${command} is missing)` : '';

  test.skipIf(isMissing && !requireAll)(
    `is what the server saw, however it is cut, and joined anywhere${title}`,
    async () => {
      const { recordings, served } = await record(command, args);
      expect(served.length).toBeGreaterThan(0);
      const shown: string[] = [];
      for (const recording of recordings) {
        const whole = runParser(http2(), recording, options);
        shown.push(...outlines(whole).map(described));
        for (const { complete } of whole.exchanges) expect(complete).toBe(true);
        testProtocol(http2(), [{ name, messages: recording, verify: () => {}, ...options }]);
        checkJoinedLate(framesIn(recording), whole);
      }
      expect(shown.sort()).toEqual([...served].sort());
    },
  );
});
