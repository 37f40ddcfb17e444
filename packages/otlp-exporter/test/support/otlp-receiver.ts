// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import type { Certificate } from '../../../grpc-exporter/test/support/certificates.js';
import { decodeSpans, encodeAnswer, type ReceivedSpan } from './otlp-messages.js';

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
    this.spans.push(...decodeSpans(bytes));
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
      response.end(encodeAnswer(received.answer));
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
    responseSerialize: (response: object) => Buffer.from(encodeAnswer(response)),
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
