// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { DrivenClient } from './matrix/driven-client.js';
import { useCertificate } from './support/certificate.js';
import { type Flow, header, requestId, targets } from './support/flow.js';
import { attach, type CaptureEnd, run } from './support/flowtap.js';
import { buildGo, buildName, type GoBuild, GoServer, useGoPrograms } from './support/go.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const scene = useScene();
const certificate = useCertificate();
const REQUESTS = 1000;
const WORKERS = 32;
/** Of the load that is joined: their requests may have been read before the capture and logged after. */
const WORKERS_IN_FLIGHT = 8;
/** More than the test takes: the client is ended before. */
const REQUESTS_IN_LOAD = 200_000;

const builds: readonly GoBuild[] = [{}, { toolchain: 'stack-abi' }, { toolchain: 'newest', stripped: true, pie: true }];
const named = builds.map((build) => [buildName(build), build] as const);

/** What the flow says is one exchange: its request and the answer that the server gave to that request. */
function expectOwnResponse(flow: Flow, role: 'client' | 'server'): void {
  const id = requestId(flow);
  expect(flow).toMatchObject({
    protocol: 'http/2',
    scheme: 'https',
    tls: true,
    role,
    fdSource: 'go',
    request: { method: 'GET', httpVersion: '2' },
    response: { status: 200, body: { text: `id=${id} target=${flow.request?.target} bytes=0\n`, truncated: false } },
    complete: true,
  });
  // On a connection that was open before, the name of the field may be in a table that nobody saw.
  if (flow.headersIncomplete === undefined) expect(header(flow.response, 'x-id')).toBe(id);
}

function expectAll({ flows, stats }: CaptureEnd, role: 'client' | 'server'): void {
  const seen = flows.filter(({ kind }) => kind === 'flow');
  const ids = seen.map(requestId).sort((a, b) => Number(a) - Number(b));
  expect(ids).toEqual(Array.from({ length: REQUESTS }, (_, index) => String(index + 1)));
  for (const flow of seen) {
    expectOwnResponse(flow, role);
    expect(flow).not.toHaveProperty('headersIncomplete');
    expect(flow).not.toHaveProperty('joined');
  }
  expect(stats).toMatchObject({ droppedEvents: 0, droppedBytes: 0, gaps: 0 });
}

describe.each(named)('HTTP/2 over TLS between programs of %s', (_, build) => {
  describeLive('under load', [`go:${build.toolchain ?? 'system'}`, 'openssl'], () => {
    useGoPrograms(build);

    test(`has a flow for each of ${REQUESTS} requests of ${WORKERS} goroutines, on both sides`, async () => {
      const server = await GoServer.start(scene, buildGo('server', build), { certificate, http2: true });
      const capture = await attach(scene, ['--pid', server.pid]);
      const load = ['-http2', '-count', String(REQUESTS), '-workers', String(WORKERS), '-url', server.url('/many')];
      const client = await run(scene, [buildGo('client', build), ...load]);
      expect(client.status).toBe(0);
      expectAll(client, 'client');
      await capture.flowCount(REQUESTS);
      expectAll(await capture.stop(), 'server');
    });

    test('joined after 100 requests: right from the next one on, on both sides', async () => {
      const server = await GoServer.start(scene, buildGo('server', build), { certificate, http2: true });
      const client = new DrivenClient(await scene.start(buildGo('client', build), ['-http2']));
      await client.ready();
      const get = (target: string) => client.ask({ method: 'GET', url: server.url(target) });
      for (let id = 1; id <= 100; id++) await get(`/before?id=${id}`);
      const ofServer = await attach(scene, ['--pid', server.pid]);
      const ofClient = await attach(scene, ['--pid', client.program.pid]);
      const ids = Array.from({ length: 20 }, (__, index) => 101 + index);
      for (const id of ids) await get(`/after?id=${id}`);
      for (const [capture, role] of [
        [ofServer, 'server'],
        [ofClient, 'client'],
      ] as const) {
        const flows = await capture.flowCount(ids.length);
        expect(targets(flows)).toEqual(ids.map((id) => `/after?id=${id}`));
        for (const flow of flows) {
          expectOwnResponse(flow, role);
          expect(flow.joined).toBe('late');
        }
      }
    });

    test('joined in the middle of the load: every request from then on, none with the response of another', async () => {
      const server = await GoServer.start(scene, buildGo('server', build), { certificate, http2: true });
      const workers = ['-workers', String(WORKERS_IN_FLIGHT)];
      const load = ['-http2', '-count', String(REQUESTS_IN_LOAD), ...workers, '-url', server.url('/load')];
      const client = await scene.start(buildGo('client', build), load, { input: '' });
      await until('the load has begun', () => server.requests().length > 100);
      // Room for what a busy machine does not get around to: the load waits for nobody.
      const capture = await attach(scene, ['--pid', server.pid, '--ring-size', 64 << 20]);
      const atAttach = server.requests().length + WORKERS_IN_FLIGHT;
      await until('the load has gone on', () => server.requests().length > atAttach + REQUESTS);
      const wanted = server.requests().slice(atAttach, atAttach + REQUESTS);
      client.kill();
      await until('the requests are shown', () => {
        const ids = new Set(capture.flows().map(requestId));
        return wanted.every(({ id }) => ids.has(id));
      });
      const { flows, stats } = await capture.stop();
      // The last ones were under way when the client was ended.
      const known = flows.filter(({ request, response, complete }) => complete && request && response);
      for (const flow of known) expectOwnResponse(flow, 'server');
      const seen = new Set(known.map(requestId));
      expect(seen.size).toBe(known.length);
      expect(wanted.filter(({ id }) => !seen.has(id)).map(({ id }) => id)).toEqual([]);
      expect(stats).toMatchObject({ droppedEvents: 0, gaps: 0 });
    });
  });
});
