// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import type { Certificate } from '../../../grpc-exporter/test/support/certificates.js';

/** Made by protobufjs from the official .proto files; the exporters have an encoder of their own. */
const { opentelemetry } = createRequire(import.meta.url)('otlp-decoder/build/src/generated/root.js');
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;

type Value = string | number | boolean | readonly Value[] | undefined;

/** A span as the receiver decoded it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  /** `SPAN_KIND_CLIENT` … */
  readonly kind: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly status: string;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly resource: Readonly<Record<string, Value>>;
  readonly scope: string;
}

export interface ReceiverOptions {
  /** @default a free one */
  readonly port?: number;
  readonly certificate?: Certificate;
  readonly token?: string;
}

/** What a receiver has got, and how it is to answer. */
class Received {
  readonly spans: ReceivedSpan[] = [];
  requests = 0;
  /** HTTP status or gRPC code of the next answers, in order; then everything is taken. */
  readonly refusals: number[] = [];
  /** Does not answer at all. */
  isSilent = false;
  /** How many spans of each request it says it could not take. */
  rejectedSpans = 0;

  get answer(): object {
    if (this.rejectedSpans === 0) return {};
    return { partialSuccess: { rejectedSpans: this.rejectedSpans, errorMessage: 'too old' } };
  }

  take(bytes: Uint8Array): void {
    const request = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(bytes), {
      longs: String,
      enums: String,
      defaults: true,
    });
    for (const { resource, scopeSpans } of request.resourceSpans) {
      for (const { scope, spans } of scopeSpans) {
        this.spans.push(...spans.map((span: RawSpan) => readable(span, resource, scope.name)));
      }
    }
  }
}

export interface OtlpReceiver {
  readonly received: Received;
  readonly port: number;
  stop(): Promise<void>;
}

export async function receiveHttp(options: ReceiverOptions = {}): Promise<OtlpReceiver> {
  const received = new Received();
  const { certificate, token, port: wantedPort = 0 } = options;
  const server: HttpServer =
    certificate === undefined
      ? createServer()
      : createSecureServer({ cert: certificate.certificate, key: certificate.key });
  server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.requests += 1;
      if (received.isSilent) return;
      const isRight = request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf';
      const isAllowed = token === undefined || request.headers.authorization === `Bearer ${token}`;
      const refusal = received.refusals.shift() ?? (isRight ? (isAllowed ? undefined : 401) : 404);
      if (refusal !== undefined) {
        response.writeHead(refusal).end('not so');
        return;
      }
      received.take(Buffer.concat(chunks));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' });
      response.end(ExportTraceServiceResponse.encode(received.answer).finish());
    });
  });
  await new Promise<void>((resolve) => server.listen(wantedPort, '127.0.0.1', resolve));
  return {
    received,
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const service: ServiceDefinition = {
  Export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (response: object) => Buffer.from(ExportTraceServiceResponse.encode(response).finish()),
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

export async function receiveGrpc(options: ReceiverOptions = {}): Promise<OtlpReceiver> {
  const received = new Received();
  const { certificate, token, port: wantedPort = 0 } = options;
  const server = new Server();
  server.addService(service, {
    Export: (
      call: { request: Buffer; metadata: { get(name: string): unknown[] } },
      answer: (error: object | null, response?: object) => void,
    ) => {
      received.requests += 1;
      if (received.isSilent) return;
      const isAllowed = token === undefined || call.metadata.get('authorization')[0] === `Bearer ${token}`;
      const refusal = received.refusals.shift() ?? (isAllowed ? undefined : status.UNAUTHENTICATED);
      if (refusal !== undefined) {
        answer({ code: refusal, details: 'not so' });
        return;
      }
      received.take(call.request);
      answer(null, received.answer);
    },
  });
  const credentials =
    certificate === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [{ cert_chain: certificate.certificate, private_key: certificate.key }]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${wantedPort}`, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    received,
    port,
    stop: async () => server.forceShutdown(),
  };
}

interface RawSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: string; readonly message: string };
  readonly attributes: readonly RawAttribute[];
}

interface RawAttribute {
  readonly key: string;
  readonly value: RawValue;
}

interface RawValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly RawValue[] };
}

function readable(
  span: RawSpan,
  resource: { readonly attributes: readonly RawAttribute[] },
  scope: string,
): ReceivedSpan {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    status: span.status.code,
    statusMessage: span.status.message,
    attributes: record(span.attributes),
    resource: record(resource.attributes),
    scope,
  };
}

function record(attributes: readonly RawAttribute[]): Record<string, Value> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainOf(value)]));
}

function plainOf({ stringValue, intValue, doubleValue, boolValue, arrayValue }: RawValue): Value {
  if (intValue !== undefined) return Number(intValue);
  return stringValue ?? doubleValue ?? boolValue ?? arrayValue?.values.map(plainOf);
}
