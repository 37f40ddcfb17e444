// SPDX-License-Identifier: Apache-2.0
import { ExportPipeline, type Logger } from '@flowtap/core';
import { testExporter } from '@flowtap/core/testing';
import { ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FlowtapCollectorOptions, flowtapCollector, type ReportedContainer } from '../src/index.js';
import { bodyOf, exchangeFlow, opaqueFlow, requestOf } from './sample-flows.js';
import { type Certificate, makeCertificate } from './support/certificates.js';
import { type CollectorOptions, CollectorServer } from './support/collector-server.js';
import { until } from './support/until.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(options: CollectorOptions = {}): Promise<CollectorServer> {
  const server = new CollectorServer(options);
  await server.start();
  cleanups.push(() => server.stop());
  return server;
}

interface Sender {
  readonly pipeline: ExportPipeline;
  readonly warnings: readonly string[];
}

async function open(server: CollectorServer, options: Partial<FlowtapCollectorOptions> = {}): Promise<Sender> {
  const warnings: string[] = [];
  const note = (message: string) => void warnings.push(message);
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const exporter = flowtapCollector({ address: `127.0.0.1:${server.port}`, logger, ...options });
  const pipeline = new ExportPipeline(exporter, {
    ...exporter.pipeline,
    exportTimeoutMs: 5000,
    drainTimeoutMs: 500,
    logIntervalMs: 0,
    logger,
  });
  cleanups.push(() => pipeline.shutdown());
  await pipeline.start();
  return { pipeline, warnings };
}

describe('flows', () => {
  it('sends every kind of flow, in batches on one stream, each acknowledged', async () => {
    const server = await serve();
    const { pipeline } = await open(server);
    const flows = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? exchangeFlow() : opaqueFlow()));
    for (const flow of flows) pipeline.push(flow);
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 1000, failed: 0, dropped: 0, retried: 0 });
    expect(server.flows.map(({ id }) => id)).toEqual(flows.map(({ id }) => id));
    expect(server.flowStreams).toBe(1);
  });

  it('keeps what every exporter promises', async () => {
    await testExporter(async () => {
      const server = new CollectorServer();
      await server.start();
      const exporter = flowtapCollector({ address: `127.0.0.1:${server.port}` });
      return { exporter, delivered: () => server.flows.map(({ id }) => id), dispose: () => server.stop() };
    });
  });

  it('keeps each message below what a server accepts', async () => {
    const server = await serve();
    const { pipeline } = await open(server);
    const large = requestOf({ body: bodyOf(Buffer.alloc(3_000_000, 7)) });
    for (let i = 0; i < 10; i++) pipeline.push(exchangeFlow({ request: large }));
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 10, failed: 0 });
  });

  it('sends again what was not acknowledged when the stream ended', async () => {
    const server = await serve();
    const { pipeline } = await open(server);
    const acknowledge = server.onBatch;
    server.onBatch = (_, call) => {
      server.onBatch = acknowledge;
      call.end();
    };
    const flow = exchangeFlow();
    pipeline.push(flow);
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 1, retried: 1 });
    expect(server.flows.map(({ id }) => id)).toEqual([flow.id, flow.id]);
    expect(server.flowStreams).toBe(2);
  });

  it('gives up a stream on which nothing is acknowledged', async () => {
    const server = await serve();
    const { pipeline } = await open(server, { callTimeoutMs: 200 });
    const acknowledge = server.onBatch;
    server.onBatch = () => {};
    pipeline.push(exchangeFlow());
    await until('three streams were tried', () => server.flowStreams >= 3);
    server.onBatch = acknowledge;
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 1, failed: 0 });
  });

  it('gives up a stream that takes nothing', async () => {
    const server = await serve();
    const { pipeline } = await open(server, { callTimeoutMs: 300 });
    server.isStuck = true;
    const large = requestOf({ body: bodyOf(Buffer.alloc(1_000_000, 7)) });
    for (let i = 0; i < 24; i++) pipeline.push(exchangeFlow({ request: large }));
    await until('three streams were tried', () => server.flowStreams >= 3);
    server.isStuck = false;
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 24, failed: 0 });
  });

  it('counts and announces what a collector never took', async () => {
    const server = await serve();
    const { pipeline, warnings } = await open(server, { callTimeoutMs: 200 });
    server.onBatch = () => {};
    for (let i = 0; i < 3; i++) pipeline.push(exchangeFlow());
    await pipeline.shutdown();
    const { failed, dropped } = pipeline.counters;
    expect(failed + dropped).toBe(3);
    expect(warnings.join('\n')).toMatch(/3 flows (dropped|could not be exported)/);
  });
});

describe('who may connect', () => {
  let serverIdentity: Certificate;
  let agentIdentity: Certificate;
  beforeAll(() => {
    serverIdentity = makeCertificate('collector.test');
    agentIdentity = makeCertificate('agent.test');
  });
  const pair = ({ certificate, key }: Certificate) => [{ cert_chain: certificate, private_key: key }];

  it('sends its token, and says so when it is refused', async () => {
    const server = await serve({ token: 'right' });
    const allowed = await open(server, { token: 'right' });
    allowed.pipeline.push(exchangeFlow());
    await allowed.pipeline.flush();
    expect(allowed.pipeline.counters).toMatchObject({ exported: 1 });

    const refused = await open(server, { token: 'wrong' });
    refused.pipeline.push(exchangeFlow());
    await refused.pipeline.flush();
    expect(refused.pipeline.counters).toMatchObject({ exported: 0, failed: 1, retried: 0 });
    await refused.pipeline.shutdown();
    expect(refused.warnings.join('\n')).toContain('refuses us: no such token. Check the token.');
  });

  it('encrypts, and trusts the authority that it is told to trust', async () => {
    const server = await serve({ credentials: ServerCredentials.createSsl(null, pair(serverIdentity)) });
    const tls = { ca: serverIdentity.certificate, serverName: 'collector.test' };
    const { pipeline } = await open(server, { tls });
    pipeline.push(exchangeFlow());
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 1 });
  });

  it.each([
    ['an unknown authority', () => ({ serverName: 'collector.test' })],
    ['another name', () => ({ ca: serverIdentity.certificate, serverName: 'other.test' })],
  ])('sends nothing to a server whose certificate has %s', async (_, tls) => {
    const server = await serve({ credentials: ServerCredentials.createSsl(null, pair(serverIdentity)) });
    const { pipeline } = await open(server, { tls: tls(), callTimeoutMs: 300 });
    pipeline.push(exchangeFlow());
    await pipeline.shutdown();
    expect(pipeline.counters).toMatchObject({ exported: 0 });
    expect(server.flows).toEqual([]);
  });

  it('shows its own certificate to a server that asks for one', async () => {
    const credentials = ServerCredentials.createSsl(agentIdentity.certificate, pair(serverIdentity), true);
    const server = await serve({ credentials });
    const tls = { ca: serverIdentity.certificate, serverName: 'collector.test' };
    const stranger = await open(server, { tls, callTimeoutMs: 300 });
    stranger.pipeline.push(exchangeFlow());
    await stranger.pipeline.shutdown();
    expect(server.flows).toEqual([]);

    const known = await open(server, { tls: { ...tls, ...agentIdentity } });
    known.pipeline.push(exchangeFlow());
    await known.pipeline.flush();
    expect(known.pipeline.counters).toMatchObject({ exported: 1 });
  });
});

describe('commands', () => {
  it('introduces itself, tells its containers when they change, and captures those that the collector names', async () => {
    let containers: readonly ReportedContainer[] = [];
    const chosen: (readonly string[])[] = [];
    const server = await serve();
    await open(server, { control: { containers: () => containers, select: (ids) => chosen.push(ids) } });
    await until('the agent has introduced itself', () => server.events.length === 2);
    expect(server.events).toMatchObject([
      { event: 'agentStarted', agentStarted: { version: expect.stringMatching(/^\d+\.\d+\.\d+/) } },
      { event: 'containers', containers: { containers: [] } },
    ]);
    containers = [{ id: 'ab', name: 'web', image: 'nginx', status: 'running', addresses: ['10.0.0.2'] }];
    await until('the change is told', () => server.events.length === 3);
    expect(server.events[2]).toMatchObject({ containers: { containers } });
    server.select(['ab']);
    await until('the command is obeyed', () => chosen.length === 1);
    expect(chosen).toEqual([['ab']]);
  });
});
