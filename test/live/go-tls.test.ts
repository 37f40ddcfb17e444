// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { DrivenClient } from './matrix/driven-client.js';
import { useCertificate } from './support/certificate.js';
import { type Flow, header, parseJsonLines, requestId, targets } from './support/flow.js';
import { attach, type CaptureEnd, run, startRun } from './support/flowtap.js';
import { buildGo, buildName, type GoAnswer, type GoBuild, GoServer, useGoPrograms } from './support/go.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const REQUESTS = 500;
const WORKERS = 16;

const builds: readonly GoBuild[] = [
  {},
  { stripped: true },
  { pie: true },
  { stripped: true, pie: true },
  { toolchain: 'stack-abi' },
  { toolchain: 'stack-abi', stripped: true, pie: true },
  { toolchain: 'newest' },
  { toolchain: 'newest', stripped: true, pie: true },
];
/** Probed at entry and return of Read, since the call inside that copies is not there. */
const withoutInlining: readonly GoBuild[] = [{ plainCalls: true }, { toolchain: 'stack-abi', plainCalls: true }];
const withoutInliningNamed = withoutInlining.map((build) => [buildName(build), build] as const);
const named = builds.map((build) => [buildName(build), build] as const);

/** Connections that the client opened in reserve and never used are there too, as what could not be read. */
function requestFlows(flows: readonly Flow[]): readonly Flow[] {
  for (const { kind, reason } of flows) if (kind === 'opaque') expect(reason?.code).toBe('no-tls-probe');
  return flows.filter(({ kind }) => kind === 'flow');
}

/** Each request once, with its own response, from the port that the server saw it come from. */
function expectAll(
  { flows, stats }: Pick<CaptureEnd, 'flows' | 'stats'>,
  count: number,
  server: GoServer,
  role: 'client' | 'server',
): void {
  const ports = server.clientPorts();
  const seen = requestFlows(flows);
  const wanted = Array.from({ length: count }, (_, index) => String(index + 1));
  expect(seen.map(requestId).sort((a, b) => Number(a) - Number(b))).toEqual(wanted);
  for (const flow of seen) {
    const id = requestId(flow);
    expect(flow).toMatchObject({
      scheme: 'https',
      tls: true,
      fdSource: 'go',
      role,
      source: { address: '127.0.0.1', port: ports.get(id ?? '') },
      destination: { address: '127.0.0.1', port: server.port },
      response: { status: 200, body: { text: `id=${id} target=${flow.request?.target} bytes=0\n` } },
      complete: true,
    });
    expect(header(flow.response, 'x-id')).toBe(id);
  }
  expect(stats).toMatchObject({ droppedEvents: 0, droppedBytes: 0, gaps: 0 });
}

async function requestMany(executable: string, server: GoServer, count: number, workers: number): Promise<void> {
  const args = ['-count', String(count), '-workers', String(workers), '-url', server.url('/many')];
  const { status, stdout } = await scene.run(executable, args);
  expect(status).toBe(0);
  for (const { status: answer } of parseJsonLines<GoAnswer>(stdout)) expect(answer).toBe(200);
}

describe.each(named)('crypto/tls of %s', (_, build) => {
  describeLive('is shown', [`go:${build.toolchain ?? 'system'}`, 'openssl'], () => {
    useGoPrograms({}, build);

    test(`in a server that was running: ${REQUESTS} requests of ${WORKERS} clients`, async () => {
      const server = await GoServer.start(scene, buildGo('server', build), { certificate });
      const capture = await attach(scene, ['--pid', server.pid]);
      await requestMany(buildGo('client'), server, REQUESTS, WORKERS);
      await capture.flowCount(REQUESTS);
      expectAll(await capture.stop(), REQUESTS, server, 'server');
    });

    test(`in a client that is started: ${REQUESTS} requests of ${WORKERS} goroutines`, async () => {
      const server = await GoServer.start(scene, buildGo('server'), { certificate });
      const args = ['-count', String(REQUESTS), '-workers', String(WORKERS), '-url', server.url('/many')];
      expectAll(await run(scene, [buildGo('client', build), ...args]), REQUESTS, server, 'client');
    });

    test('on a keep-alive connection that was open before: complete from the next request on, on both sides', async () => {
      const server = await GoServer.start(scene, buildGo('server', build), { certificate });
      const client = new DrivenClient(await scene.start(buildGo('client', build)));
      await client.ready();
      const get = (target: string) => client.ask({ method: 'GET', url: server.url(target) }) as Promise<GoAnswer>;
      const { port } = await get('/before?id=0');
      const ofServer = await attach(scene, ['--pid', server.pid]);
      const ofClient = await attach(scene, ['--pid', client.program.pid]);
      for (const id of [1, 2, 3]) await get(`/after?id=${id}`);
      for (const [capture, role] of [
        [ofServer, 'server'],
        [ofClient, 'client'],
      ] as const) {
        const flows = await capture.flowCount(3);
        expect(targets(flows)).toEqual(['/after?id=1', '/after?id=2', '/after?id=3']);
        for (const flow of flows) {
          expect(flow).toMatchObject({
            role,
            source: { address: '127.0.0.1', port },
            destination: { address: '127.0.0.1', port: server.port },
            response: { body: { text: `id=${requestId(flow)} target=${flow.request?.target} bytes=0\n` } },
            complete: true,
          });
        }
      }
    });
  });
});

describe.each(withoutInliningNamed)('crypto/tls of %s', (_, build) => {
  describeLive('is shown', [`go:${build.toolchain ?? 'system'}`, 'openssl'], () => {
    useGoPrograms(build);

    test('in a server and in a client', async () => {
      const server = await GoServer.start(scene, buildGo('server', build), { certificate });
      const capture = await attach(scene, ['--pid', server.pid]);
      const args = ['-count', String(REQUESTS), '-workers', String(WORKERS), '-url', server.url('/many')];
      expectAll(await run(scene, [buildGo('client', build), ...args]), REQUESTS, server, 'client');
      await capture.flowCount(REQUESTS);
      expectAll(await capture.stop(), REQUESTS, server, 'server');
    });
  });
});

describeLive('crypto/tls', ['go:system', 'openssl'], () => {
  useGoPrograms({}, { stripped: true });

  test('in a server that is started is shown, from its first request on', async () => {
    const log = scene.path('server.log');
    const command = [buildGo('server', { stripped: true }), ...GoServer.arguments(log, { certificate })];
    const capture = await startRun(scene, command);
    const server = await GoServer.of(capture.program, log, { certificate });
    await requestMany(buildGo('client'), server, 20, 1);
    await capture.flowCount(20);
    expectAll(await capture.stop(), 20, server, 'server');
  });

  test('keeps 64 concurrent clients apart, a new connection for each of 640 requests', async () => {
    const server = await GoServer.start(scene, buildGo('server'), { certificate });
    const capture = await attach(scene, ['--pid', server.pid]);
    const args = ['-count', '640', '-workers', '64', '-fresh', '-url', server.url('/many')];
    expect(await scene.run(buildGo('client'), args)).toMatchObject({ status: 0 });
    await capture.flowCount(640);
    const result = await capture.stop();
    expectAll(result, 640, server, 'server');
    expect(new Set(result.flows.map(({ connectionId }) => connectionId)).size).toBe(640);
  });

  test('shows large bodies in both directions, whatever the stack of the goroutine does meanwhile', async () => {
    const server = await GoServer.start(scene, buildGo('server'), { certificate });
    const capture = await attach(scene, ['--pid', server.pid]);
    const body = 'A request of some length. '.repeat(4000);
    const client = new DrivenClient(await scene.start(buildGo('client')));
    await client.ready();
    const answer = (await client.ask({ method: 'POST', url: server.url('/large?id=1&count=5000'), body })) as GoAnswer;
    const [flow] = await capture.flowCount(1);
    expect(flow).toMatchObject({
      request: { method: 'POST', body: { size: body.length, text: body } },
      response: { body: { text: answer.text } },
      complete: true,
    });
  });

  test('finds the socket under a connection that embeds another one', async () => {
    const server = await GoServer.start(scene, buildGo('server'), { certificate, wrap: 'embedded' });
    const capture = await attach(scene, ['--pid', server.pid]);
    await requestMany(buildGo('client'), server, 100, 8);
    await capture.flowCount(100);
    expectAll(await capture.stop(), 100, server, 'server');
  });

  test('finds the socket under a connection that keeps it elsewhere by what the goroutine reads, or says none', async () => {
    const server = await GoServer.start(scene, buildGo('server'), { certificate, wrap: 'hidden' });
    const capture = await attach(scene, ['--pid', server.pid]);
    await requestMany(buildGo('client'), server, 100, 8);
    await capture.flowCount(100);
    const { flows } = await capture.stop();
    const ports = server.clientPorts();
    const seen = requestFlows(flows);
    expect(seen).toHaveLength(100);
    const known = seen.filter(({ source }) => source !== undefined);
    for (const flow of seen) expect(flow).toMatchObject({ tls: true, complete: true });
    for (const flow of known) {
      expect(flow).toMatchObject({
        source: { port: ports.get(requestId(flow) ?? '') },
        destination: { port: server.port },
      });
    }
    // A goroutine that changes its thread between reading and decrypting is not followed.
    expect(known.length).toBeGreaterThan(50);
  });
});

describeLive('plain HTTP of Go', ['go:system'], () => {
  useGoPrograms({});

  test('is shown by a server and by a client', async () => {
    const server = await GoServer.start(scene, buildGo('server'));
    const capture = await attach(scene, ['--pid', server.pid]);
    const args = ['-count', '100', '-workers', '8', '-url', server.url('/plain')];
    const client = await run(scene, [buildGo('client'), ...args]);
    await capture.flowCount(100);
    const ports = server.clientPorts();
    for (const [{ flows }, role] of [
      [await capture.stop(), 'server'],
      [client, 'client'],
    ] as const) {
      expect(flows).toHaveLength(100);
      for (const flow of flows) {
        const port = ports.get(requestId(flow) ?? '');
        expect(flow).toMatchObject({
          tls: false,
          role,
          source: { port },
          destination: { port: server.port },
          complete: true,
        });
      }
    }
  });
});
