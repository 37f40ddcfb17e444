// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type {
  EventStream,
  FlowMessage,
  HttpFlow,
  HttpHeader,
  HttpRequest,
  HttpResponse,
  OpaqueFlow,
} from '../src/index.js';
import { HttpBody } from '../src/index.js';

export const bodyOf = (content: string | Buffer, init: { size?: number; contentEncoding?: string } = {}): HttpBody => {
  const bytes = Buffer.from(content);
  return new HttpBody({ size: bytes.length, truncated: init.size !== undefined, bytes, ...init });
};

export const requestOf = (init: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  target: '/',
  authority: 'localhost:8443',
  httpVersion: '1.1',
  headers: [['Host', 'localhost:8443']],
  body: HttpBody.empty,
  ...init,
});

export const responseOf = (init: Partial<HttpResponse> = {}): HttpResponse => ({
  status: 200,
  reason: 'OK',
  httpVersion: '1.1',
  headers: [['Content-Type', 'text/plain']],
  body: bodyOf('hello'),
  ...init,
});

const envelope = {
  schema: 1,
  id: '0190f000-0000-7000-8000-000000000001',
  tls: true,
  role: 'client',
  startTimeMs: Date.UTC(2026, 10, 22, 20, 20, 53) + 0.123,
  durationMs: 12.3456789,
  source: { address: '127.0.0.1', port: 40000 },
  destination: { address: '::1', port: 8443 },
  process: { pid: 1234, comm: 'curl', exe: '/usr/bin/curl' },
  connectionId: 7,
} as const;

export const exchangeFlow = (init: Partial<HttpFlow> = {}): HttpFlow => ({
  ...envelope,
  kind: 'flow',
  protocol: 'http/1.1',
  scheme: 'https',
  request: requestOf(),
  response: responseOf(),
  complete: true,
  ...init,
});

export const opaqueFlow = (init: Partial<OpaqueFlow> = {}): OpaqueFlow => ({
  ...envelope,
  kind: 'opaque',
  protocol: 'tls',
  bytes: { ingress: 5000, egress: 700 },
  reason: { code: 'tls-library-unsupported', message: 'The process uses GnuTLS, which Flowtap cannot read.' },
  ...init,
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'grapheme' }),
);
const count = fc.nat(Number.MAX_SAFE_INTEGER);
const headers: fc.Arbitrary<HttpHeader[]> = fc.array(fc.tuple(text, text), { maxLength: 5 });

const body = fc
  .record({
    content: fc.oneof(
      fc.uint8Array({ maxLength: 9000 }),
      text.map((t) => Buffer.from(t)),
    ),
    more: fc.nat(100),
    contentEncoding: fc.option(fc.constantFrom('gzip', 'br', 'identity', 'unheard-of'), { nil: undefined }),
  })
  .map(({ content, more, contentEncoding }) => {
    const bytes = Buffer.from(content);
    return new HttpBody({ size: bytes.length + more, truncated: more > 0, bytes, contentEncoding });
  });

const endpoint = fc.oneof(
  fc.record({ address: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.nat(65535) }),
  fc.record({ path: text }),
);
const error = fc.record({ code: text, message: text });

const offsetMs = fc.nat(10_000_000).map((microseconds) => microseconds / 1000);

const webSocketMessages: fc.Arbitrary<FlowMessage[]> = fc.array(
  fc.record(
    {
      type: fc.constantFrom('text', 'binary', 'ping', 'pong', 'close'),
      sender: fc.constantFrom('client', 'server'),
      offsetMs,
      content: body,
      compressed: fc.constant(true as const),
      closeCode: fc.nat(65_535),
    },
    { requiredKeys: ['type', 'sender', 'offsetMs', 'content'] },
  ) as fc.Arbitrary<FlowMessage>,
  { maxLength: 3 },
);

const eventStream: fc.Arbitrary<EventStream> = fc.record(
  {
    events: fc.array(
      fc.record(
        { type: fc.constant('event'), sender: fc.constant('server'), offsetMs, event: text, id: text, content: body },
        { requiredKeys: ['type', 'sender', 'offsetMs', 'event', 'content'] },
      ),
      { maxLength: 3 },
    ),
    eventCount: count,
    eventsLost: fc.constant(true as const),
  },
  { requiredKeys: ['events', 'eventCount'] },
) as fc.Arbitrary<EventStream>;

const messageRest = { httpVersion: fc.constantFrom('1.0', '1.1'), headers, body } as const;
const request = fc.record(
  { method: text, target: text, authority: text, trailers: headers, ...messageRest },
  { requiredKeys: ['method', 'target', 'httpVersion', 'headers', 'body'] },
);
const response = fc.record(
  { status: fc.nat(999), reason: text, trailers: headers, eventStream, ...messageRest },
  { requiredKeys: ['status', 'reason', 'httpVersion', 'headers', 'body'] },
);

const common = {
  schema: fc.constant(1 as const),
  id: fc.uuid(),
  tls: fc.boolean(),
  role: fc.constantFrom('client', 'server', 'unknown'),
  startTimeMs: fc.nat(4_000_000_000_000_000).map((microseconds) => microseconds / 1000),
  durationMs: fc.nat(10_000_000_000).map((microseconds) => microseconds / 1000),
  source: endpoint,
  destination: endpoint,
  process: fc.record({ pid: fc.nat(), comm: text, exe: text, containerId: text }, { requiredKeys: ['pid', 'comm'] }),
  container: fc.record(
    { id: text, name: text, image: text, labels: fc.dictionary(text, text, { noNullPrototype: true, maxKeys: 3 }) },
    { requiredKeys: ['id', 'name', 'image'] },
  ),
  sourceContainer: text,
  destinationContainer: text,
  connectionId: count,
  fdSource: fc.constantFrom('set-fd', 'nested-call', 'last-read', 'go', 'unknown'),
  gaps: fc.array(
    fc.record({
      direction: fc.constantFrom('ingress', 'egress'),
      offset: count,
      bytes: count,
      reason: fc.constantFrom('ring-full', 'copy-failed', 'call-limit', 'zero-copy', 'discarded', 'unknown'),
    }),
    { maxLength: 3 },
  ),
  error,
} as const;
const commonRequired = ['schema', 'id', 'tls', 'role', 'startTimeMs', 'durationMs', 'process', 'connectionId'] as const;

const exchange = fc.record(
  {
    ...common,
    kind: fc.constant('flow' as const),
    protocol: fc.constant('http/1.1' as const),
    scheme: fc.constantFrom('http', 'https'),
    request,
    response,
    messages: webSocketMessages,
    messageCount: count,
    messagesLost: fc.constant(true as const),
    complete: fc.boolean(),
  },
  { requiredKeys: [...commonRequired, 'kind', 'protocol', 'scheme', 'complete'] },
);
const opaque = fc.record(
  {
    ...common,
    kind: fc.constant('opaque' as const),
    protocol: fc.constant('tls' as const),
    local: endpoint,
    remote: endpoint,
    sni: text,
    alpn: fc.array(text, { maxLength: 3 }),
    bytes: fc.record({ ingress: count, egress: count }),
    reason: error,
  },
  { requiredKeys: [...commonRequired, 'kind', 'protocol', 'bytes', 'reason'] },
);

/** Any flow, with optional parts missing at will and text that needs every kind of escape. */
export const flowArbitrary = fc.oneof(exchange, opaque) as fc.Arbitrary<HttpFlow | OpaqueFlow>;
