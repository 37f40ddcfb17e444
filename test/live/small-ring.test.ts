// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type RecordedConnection, type RecordedStream, readEventLog } from './support/events.js';
import { type Flow, header, requestId } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer, python, pythonScript, type ServedRequest } from './support/python.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const scene = useScene();
const certificate = useCertificate();
const CLIENTS = 24;
const REQUESTS = 30;
const QUIET = 5;
/** On a connection that lost bytes it takes some waits of the client for its response to be sure which belong together. */
const SETTLING = 12;
/** After the load, for the buffers on the way to be emptied. */
const DRAIN_MS = 500;
const CONNECTIONS = CLIENTS + 1 + QUIET;
/** Of a request. */
const BODY_BYTES = 10_000;
/** Of a response. */
const BIG_BODY_BYTES = 60_000;
/** What the server sends at /bytes. */
const numbered = Buffer.from(
  Array.from({ length: BIG_BODY_BYTES / 16 }, (_, line) => `${String(line).padStart(15, '0')}\n`).join(''),
);

/** Several clients at once, each with its own connection: small requests and answers of up to 60 KB. */
async function load(server: PythonServer): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, (_, client) => {
    const urls = [
      server.url(`/bytes?count=${BIG_BODY_BYTES}&id=${client}-big-[1-${REQUESTS}]`),
      server.url(`/echo?id=${client}-small-[1-${REQUESTS}]`),
    ];
    return scene.run('curl', ['-sk', '-d', 'b'.repeat(BODY_BYTES), ...urls.flatMap((url) => ['-o', '/dev/null', url])]);
  });
  for (const client of await Promise.all(clients)) expect(client.status).toBe(0);
}

/** The body of each big response as the log has it: what was captured is at its place. */
function expectCapturedBodies(requests: readonly ServedRequest[], egress: RecordedStream): void {
  for (const { target, sent } of requests) {
    if (!target.startsWith('/bytes')) continue;
    const start = sent[1] - BIG_BODY_BYTES;
    const body = Buffer.from(egress.bytes.subarray(start, sent[1]));
    for (const hole of egress.holes) {
      const from = Math.max(hole.start - start, 0);
      const to = Math.min(hole.end - start, BIG_BODY_BYTES);
      if (from < to) numbered.copy(body, from, from, to);
    }
    expect(body.equals(numbered), `${target} as captured`).toBe(true);
  }
}

/** A flow that shows a request and a response shows the two that belong together. */
function expectNoMismatch(flow: Flow): void {
  const answered = header(flow.response, 'x-id');
  if (flow.request !== undefined && answered !== undefined) expect(answered).toBe(requestId(flow));
  if (flow.complete !== true) return;
  expect(flow.request).toMatchObject({ method: 'POST', body: { size: BODY_BYTES } });
  expect(flow.response?.status).toBe(200);
}

function isInGap(
  { received: [start, end] }: ServedRequest,
  connection: RecordedConnection,
  layer: 'raw' | 'tls',
): boolean {
  return connection.stream(layer, 'ingress').holes.some((hole) => hole.start < end && hole.end > start);
}

describeLive(
  '--ring-size at its smallest, under more load than it can take',
  ['curl', 'openssl', 'python:requests'],
  () => {
    test.each([
      ['http', 'raw'],
      ['https', 'tls'],
    ] as const)('accounts for every request and every byte over %s', async (scheme, layer) => {
      const server = await PythonServer.start(scene, scheme === 'https' ? { certificate } : {});
      const log = scene.path('load.flowlog');
      const capture = await attach(scene, ['--pid', server.pid, '--ring-size', 65_536, '--record', log]);
      const session = await scene.start(python, [pythonScript('client')]);
      let answers = 0;
      const request = async (target: string): Promise<void> => {
        session.write(`POST ${server.url(target)} ${'b'.repeat(BODY_BYTES)}\n`);
        await session.line(answers++);
      };
      const loaded = load(server);
      for (let index = 1; index <= REQUESTS; index++)
        await request(`/bytes?count=${BIG_BODY_BYTES}&id=during-${index}`);
      await loaded;
      await sleep(DRAIN_MS);
      // Capture goes on where it was overrun: on the same connection, and on new ones.
      for (let index = 1; index <= SETTLING; index++) await request(`/echo?id=after-${index}`);
      for (let index = 1; index <= QUIET; index++) {
        await scene.run('curl', ['-sk', '-d', 'b'.repeat(BODY_BYTES), server.url(`/echo?id=new-${index}`)]);
      }
      session.closeInput();
      await until('the server has seen all connections end', () => server.connections().length === CONNECTIONS);
      const { status, stderr, flows, stats } = await capture.stop();
      expect(status).toBe(0);
      // Without drops this test would show nothing.
      expect(stats.droppedBytes).toBeGreaterThan(0);
      expect(stderr).toMatch(/^flowtap: .*--ring-size/m);

      const served = server.requests();
      const recorded = new Map((await readEventLog(log)).map((connection) => [connection.remotePort, connection]));
      expect(recorded.size).toBe(CONNECTIONS);
      for (const { client, received, sent } of server.connections()) {
        const connection = recorded.get(client?.[1]);
        if (connection === undefined) throw new Error(`no event of the connection from port ${client?.[1]}`);
        const ingress = connection.stream(layer, 'ingress');
        const egress = connection.stream(layer, 'egress');
        expect(connection.isClosed).toBe(true);
        expect(ingress.delivered + ingress.lost).toBe(received);
        expect(egress.delivered + egress.lost).toBe(sent);
        const requests = served.filter((request) => request.client?.[1] === client?.[1]);
        expectCapturedBodies(requests, egress);
      }

      const seen = new Set(flows.map(requestId));
      expect(served).toHaveLength(CLIENTS * REQUESTS * 2 + REQUESTS + SETTLING + QUIET);
      const missing = served.filter((request) => {
        const connection = recorded.get(request.client?.[1]);
        return !seen.has(request.id) && !(connection !== undefined && isInGap(request, connection, layer));
      });
      expect(missing).toEqual([]);

      for (const flow of flows) expectNoMismatch(flow);
      const complete = flows.filter((flow) => flow.complete).map(requestId);
      expect(new Set(complete).size).toBe(complete.length);
      const ids = new Set<string | undefined>(served.map(({ id }) => id));
      expect(complete.filter((id) => !ids.has(id))).toEqual([]);
      const quiet = [...Array.from({ length: QUIET }, (_, index) => `new-${index + 1}`), `after-${SETTLING}`];
      expect(complete).toEqual(expect.arrayContaining(quiet));
    });
  },
);
