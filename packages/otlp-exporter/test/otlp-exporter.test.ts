// SPDX-License-Identifier: Apache-2.0
import { ExportPipeline, type Logger } from '@flowtap/core';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exchangeFlow, opaqueFlow, requestOf } from '../../grpc-exporter/test/sample-flows.js';
import { type Certificate, makeCertificate } from '../../grpc-exporter/test/support/certificates.js';
import { until } from '../../grpc-exporter/test/support/until.js';
import { type OtlpOptions, otlp } from '../src/index.js';
import { type OtlpReceiver, type ReceiverOptions, receiveGrpc, receiveHttp } from './support/otlp-receiver.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const SAMPLED = 1;

const transports = [
  { name: 'http', receive: receiveHttp, url: (port: number) => `http://127.0.0.1:${port}`, busy: 503, refused: 400 },
  {
    name: 'grpc',
    receive: receiveGrpc,
    url: (port: number) => `grpc://127.0.0.1:${port}`,
    busy: status.UNAVAILABLE,
    refused: status.INVALID_ARGUMENT,
  },
] as const;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: OtlpOptions) {
  const warnings: string[] = [];
  const note = (message: string) => void warnings.push(message);
  const logger: Logger = { debug: () => {}, info: note, warn: note, error: note };
  const exporter = otlp(options);
  const timing = { exportTimeoutMs: 5000, drainTimeoutMs: 1000, logIntervalMs: 0 };
  const pipeline = new ExportPipeline(exporter, { ...exporter.pipeline, ...timing, logger });
  cleanups.push(() => pipeline.shutdown());
  await pipeline.start();
  return { pipeline, warnings };
}

describe.each(transports)('over $name', ({ name, receive, url, busy, refused }) => {
  async function serve(options: ReceiverOptions = {}): Promise<OtlpReceiver> {
    const receiver = await receive(options);
    cleanups.push(() => receiver.stop());
    return receiver;
  }

  it('every flow arrives as a span, decoded by the official protobuf, with exact times and its trace', async () => {
    const { received, port } = await serve();
    const { pipeline } = await open({ url: url(port) });
    const headers = [
      ['traceparent', `00-${TRACE}-${SPAN}-01`],
      ['tracestate', 'vendor=abc'],
    ] as const;
    const traced = exchangeFlow({
      request: requestOf({ headers }),
      startTimeMs: 1_764_000_000_999.873,
      durationMs: 5.5,
    });
    const flows = [traced, ...Array.from({ length: 999 }, (_, i) => (i % 3 === 0 ? opaqueFlow() : exchangeFlow()))];
    for (const flow of flows) pipeline.push(flow);
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 1000, failed: 0, dropped: 0, retried: 0 });
    expect(received.spans.map(({ attributes }) => attributes['flowtap.flow.id'])).toEqual(flows.map(({ id }) => id));
    expect(new Set(received.spans.map(({ spanId }) => spanId)).size).toBe(1000);
    const [span] = received.spans;
    expect(span).toMatchObject({
      traceId: TRACE,
      parentSpanId: SPAN,
      traceState: 'vendor=abc',
      name: 'POST',
      kind: 'SPAN_KIND_CLIENT',
      startNs: 1_764_000_000_999_873_000n,
      endNs: 1_764_000_001_005_373_000n,
      status: 'STATUS_CODE_UNSET',
      attributes: { 'http.request.method': 'POST', 'http.response.status_code': 201, 'server.port': 8080 },
      resource: { 'service.name': 'curl', 'process.pid': 1234 },
      scope: '@flowtap/otlp-exporter',
    });
    expect((span?.flags ?? 0) & 0xff).toBe(SAMPLED);
    expect(received.spans[1]).toMatchObject({ parentSpanId: '', kind: expect.stringMatching(/^SPAN_KIND_/) });
  });

  it('a receiver that is busy gets the same spans again', async () => {
    const { received, port } = await serve();
    received.refusals.push(busy, busy);
    const { pipeline } = await open({ url: url(port), callTimeoutMs: 900 });
    pipeline.push(exchangeFlow());
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 1, failed: 0 });
    expect(received).toMatchObject({ requests: 3, spans: [expect.anything()] });
  });

  it('what a receiver refuses has failed, and the reason is told', async () => {
    const { received, port } = await serve();
    received.refusals.push(refused);
    const { pipeline, warnings } = await open({ url: url(port) });
    pipeline.push(exchangeFlow());
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 0, failed: 1, retried: 0 });
    expect(received.requests).toBe(1);
    expect(warnings.join('\n')).toMatch(
      /The receiver did not take the spans: .*not so|Bad Request \(status 400\): not so/,
    );
  });

  it('flows wait for a receiver that starts later', async () => {
    const first = await receive();
    await first.stop();
    const { pipeline } = await open({ url: url(first.port), callTimeoutMs: 300 });
    pipeline.push(exchangeFlow());
    const flushed = pipeline.flush();
    await until('it was tried again', () => pipeline.counters.retried > 0);
    const { received } = await serve({ port: first.port });
    await flushed;
    expect(pipeline.counters).toMatchObject({ exported: 1, failed: 0, dropped: 0 });
    expect(received.spans).toHaveLength(1);
  });

  it('a receiver that never answers neither holds the end nor loses the count', async () => {
    const { received, port } = await serve();
    received.isSilent = true;
    const { pipeline, warnings } = await open({ url: url(port), callTimeoutMs: 60_000 });
    pipeline.push(exchangeFlow());
    const flushed = pipeline.flush();
    await until('it was asked', () => received.requests > 0);
    const begin = performance.now();
    await pipeline.shutdown();
    await flushed;
    expect(performance.now() - begin).toBeLessThan(10_000);
    const { failed, dropped } = pipeline.counters;
    expect(failed + dropped).toBe(1);
    expect(warnings.join('\n')).toMatch(/1 flows (dropped|could not be exported)/);
  });

  describe('with TLS and a token', () => {
    let certificate: Certificate;
    beforeAll(() => {
      certificate = makeCertificate('collector.example');
    });
    const secure = name === 'http' ? 'https' : 'grpcs';

    it('arrives at who has the certificate and knows the token', async () => {
      const { received, port } = await serve({ certificate, token: 'secret' });
      const tls = { ca: certificate.certificate, serverName: 'collector.example' };
      const { pipeline } = await open({ url: `${secure}://localhost:${port}`, tls, token: 'secret' });
      pipeline.push(exchangeFlow());
      await pipeline.flush();
      expect(pipeline.counters).toMatchObject({ exported: 1, failed: 0 });
      expect(received.spans).toHaveLength(1);
    });

    it('goes to nobody else', async () => {
      const { received, port } = await serve({ certificate, token: 'secret' });
      const { pipeline } = await open({ url: `${secure}://localhost:${port}`, callTimeoutMs: 300, token: 'secret' });
      pipeline.push(exchangeFlow());
      const flushed = pipeline.flush();
      const { counters } = pipeline;
      await until('it failed', () => pipeline.counters.failed + pipeline.counters.retried > counters.failed);
      await pipeline.shutdown();
      await flushed;
      expect(pipeline.counters.exported).toBe(0);
      expect(received.spans).toEqual([]);
    });
  });
});

it('has a name without the secrets that a URL may have', () => {
  expect(otlp({ url: 'https://me:secret@example.org:4318/?key=secret' }).name).toBe('otlp:example.org:4318');
});
