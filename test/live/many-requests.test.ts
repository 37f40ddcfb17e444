// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, header, requestId } from './support/flow.js';
import { attach, type CaptureEnd, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();
const SEQUENTIAL = 1000;
const CONCURRENT = 200;

/** Each request once, each with the response that the server gave to it, and nothing lost on the way. */
function expectAll({ flows, stats }: CaptureEnd, count: number): void {
  const ids = flows.map(requestId).sort((a, b) => Number(a) - Number(b));
  expect(ids).toEqual(Array.from({ length: count }, (_, index) => String(index + 1)));
  for (const flow of flows) expectOwnResponse(flow);
  expect(stats).toMatchObject({ flows: count, droppedEvents: 0, droppedBytes: 0, gaps: 0 });
  for (const exporter of stats.exporters) expect(exporter).toMatchObject({ exported: count, failed: 0, dropped: 0 });
}

function expectOwnResponse(flow: Flow): void {
  const id = requestId(flow);
  expect(flow.complete).toBe(true);
  expect(header(flow.response, 'x-id')).toBe(id);
  expect(flow.response?.body.text).toMatch(`id=${id} target=${flow.request?.target} `);
}

describeLive('many requests', ['curl', 'openssl'], () => {
  test.each(schemes)(`are all shown by a client: ${SEQUENTIAL} over one %s connection`, async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const url = server.url(`/echo?id=[1-${SEQUENTIAL}]`);
    const result = await run(scene, ['curl', '-sk', '-o', '/dev/null', url]);
    expectAll(result, SEQUENTIAL);
    expect(new Set(result.flows.map((flow) => flow.connectionId)).size).toBe(1);
    // In the order in which they were made.
    expect(result.flows.map(requestId)).toEqual(Array.from({ length: SEQUENTIAL }, (_, index) => String(index + 1)));
  });

  test.each(schemes)(`are all shown by a server: ${SEQUENTIAL} over one %s connection`, async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const capture = await attach(scene, ['--pid', server.pid]);
    const url = server.url(`/echo?id=[1-${SEQUENTIAL}]`);
    expect(await scene.run('curl', ['-sk', '-o', '/dev/null', url])).toMatchObject({ status: 0 });
    await capture.flowCount(SEQUENTIAL);
    expectAll(await capture.stop(), SEQUENTIAL);
  });

  test.each(schemes)(`are all shown on both sides: ${CONCURRENT} at once over %s`, async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const capture = await attach(scene, ['--pid', server.pid]);
    const parallel = ['-Z', '--parallel-immediate', '--parallel-max', String(CONCURRENT)];
    const output = ['-o', scene.path('answer-#1.txt')];
    // The server answers after a while, so that all are open at the same time.
    const url = server.url(`/slow?ms=300&id=[1-${CONCURRENT}]`);
    const client = await run(scene, ['curl', '-sk', ...parallel, ...output, url]);
    expect(client.status).toBe(0);
    expectAll(client, CONCURRENT);
    for (const flow of client.flows) {
      expect(flow.response?.body.text).toBe(readFileSync(scene.path(`answer-${requestId(flow)}.txt`), 'utf8'));
    }
    await capture.flowCount(CONCURRENT);
    const ofServer = await capture.stop();
    expectAll(ofServer, CONCURRENT);
    expect(new Set(ofServer.flows.map((flow) => flow.source?.port)).size).toBe(
      new Set(server.requests().map(({ client: peer }) => peer?.[1])).size,
    );
  });
});
