// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow, Flow, OpaqueFlow } from '../flow/flow.js';
import type { FlowMessage } from '../flow/flow-message.js';
import type { SqlRequest, SqlResponse } from '../flow/sql-messages.js';
import { HttpBody } from '../http/http-body.js';
import type { HttpRequest, HttpResponse } from '../http/http-message.js';

const bodyOf = (content: string | Buffer): HttpBody => {
  const bytes = Buffer.from(content);
  return new HttpBody({ size: bytes.length, truncated: false, bytes });
};

const envelope = {
  schema: 1,
  tls: false,
  role: 'client',
  startTimeMs: Date.UTC(2024, 0, 1) + 0.123,
  durationMs: 12.345,
  source: { address: '127.0.0.1', port: 40_000 },
  destination: { address: '::1', port: 8080 },
  process: { pid: 1234, comm: 'curl', exe: '/usr/bin/curl' },
  connectionId: 7,
} as const;

const request: HttpRequest = {
  method: 'POST',
  target: '/search?q=a%20b',
  authority: 'localhost:8080',
  httpVersion: '1.1',
  headers: [
    ['Host', 'localhost:8080'],
    ['Content-Type', 'text/plain'],
  ],
  body: bodyOf('what?'),
};

const response: HttpResponse = {
  status: 200,
  reason: 'OK',
  httpVersion: '1.1',
  headers: [['Content-Type', 'text/plain']],
  body: bodyOf('this'),
};

const http = { kind: 'flow', protocol: 'http/1.1', scheme: 'http', request, response, complete: true } as const;

const messages: readonly FlowMessage[] = [
  { type: 'text', sender: 'client', offsetMs: 1, content: bodyOf('hello') },
  { type: 'binary', sender: 'server', offsetMs: 2.5, content: bodyOf(Buffer.from([0, 255])), compressed: true },
  { type: 'close', sender: 'server', offsetMs: 3, content: bodyOf('bye'), closeCode: 1000 },
];

const query: SqlRequest = {
  kind: 'sql',
  operation: 'query',
  sql: 'SELECT $1',
  parameters: ['ä', null, Buffer.from([1])],
};
const rows: SqlResponse = { kind: 'sql', results: [{ columns: [{ name: 'a' }], rows: [['1'], [null]], rowCount: 2 }] };

/** Text that somebody sent to do harm: to a terminal, to a line format, to what expects valid UTF-16. */
const HOSTILE_TEXT = '\u001b[2J\r\n"\\\u0000\u2028\ud800';

type Sample = Partial<Omit<ExchangeFlow, 'request' | 'response' | 'protocol'>> & {
  readonly protocol?: string;
  readonly request?: unknown;
  readonly response?: unknown;
};

/** Samples may be of protocols whose messages nobody declared. */
const exchange = (init: Sample): Flow => ({ ...envelope, ...http, ...init }) as unknown as ExchangeFlow;

const opaque: OpaqueFlow = {
  ...envelope,
  id: '',
  kind: 'opaque',
  protocol: 'tls',
  tls: true,
  sni: 'example.org',
  alpn: ['h2'],
  bytes: { ingress: 5000, egress: 700 },
  reason: { code: 'tls-library-unsupported', message: 'The process uses a library that cannot be read.' },
};

function withoutMessages({ request: _, response: __, ...rest }: ExchangeFlow): Flow {
  return rest as ExchangeFlow;
}

/** One flow of every kind that an exporter may get, each with an id of its own. Plain objects, new at each call. */
export function flowSamples(): readonly Flow[] {
  const error = { code: 'no-response', message: 'The connection was closed before a response.' };
  const gap = { direction: 'ingress', offset: 10, bytes: 5, reason: 'ring-full' } as const;
  const container = { id: 'c'.repeat(64), name: 'web', image: 'web:1', labels: { tier: 'front' } };
  const samples: readonly Flow[] = [
    exchange({}),
    exchange({ tls: true, scheme: 'https', fdSource: 'set-fd', role: 'server' }),
    exchange({ request: { ...request, body: bodyOf(Buffer.from([0, 1, 254, 255])) } }),
    exchange({
      response: { ...response, body: new HttpBody({ size: 9, truncated: true, bytes: Buffer.from('cut') }) },
    }),
    exchange({ request: { ...request, target: HOSTILE_TEXT, headers: [['x', HOSTILE_TEXT]] } }),
    exchange({ container, sourceContainer: 'web', destinationContainer: 'db', gaps: [gap] }),
    exchange({ response: undefined, complete: false, error }),
    exchange({ role: 'unknown', source: { path: '/run/x.sock' }, process: { pid: -1, comm: '' } }),
    exchange({ response: { ...response, status: 101 }, protocol: 'websocket', messages, messageCount: 3 }),
    exchange({ protocol: 'postgresql', scheme: 'postgresql', request: query, response: rows }),
    exchange({ protocol: 'of-a-plugin', scheme: 'x', request: { n: 10n, text: HOSTILE_TEXT }, response: 'text' }),
    withoutMessages(exchange({ complete: false, error, headersIncomplete: true, joined: 'late' }) as ExchangeFlow),
    opaque,
  ];
  return samples.map((flow, index) => ({ ...flow, id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}` }));
}
