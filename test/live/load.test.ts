// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Exchange } from './matrix/exchange.js';
import { launchHeld, startHeld } from './matrix/launch.js';
import { loadedClients, loadedServers } from './matrix/load-rows.js';
import { ReferenceClient } from './matrix/reference-client.js';
import { ReferenceServer } from './matrix/reference-server.js';
import type { Setting } from './matrix/subject.js';
import { useCertificate } from './support/certificate.js';
import type { Flow } from './support/flow.js';
import { attach, type Capture, type CaptureEnd, startRun } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const REQUESTS = 500;

const rows = [...loadedServers, ...loadedClients];
const needs = [...new Set(rows.flatMap(({ subject }) => subject.needs))];

/** One flow for each exchange, each with the addresses that both ends know, and nothing lost. */
function expectEach({ flows, stats }: CaptureEnd, exchanges: readonly Exchange[], role: string, port: number): void {
  const byTarget = new Map<string, Flow>(flows.map((flow) => [flow.request?.target ?? flow.id, flow]));
  const mismatched = exchanges.filter(({ target, text, clientPort }) => {
    const flow = byTarget.get(target);
    return !(
      flow?.complete === true &&
      flow.tls &&
      flow.role === role &&
      flow.source?.address === '127.0.0.1' &&
      flow.source.port === clientPort &&
      flow.destination?.address === '127.0.0.1' &&
      flow.destination.port === port &&
      flow.response?.status === 200 &&
      flow.response.body.text === text
    );
  });
  expect(mismatched.map(({ target, clientPort }) => ({ target, clientPort, flow: byTarget.get(target) }))).toEqual([]);
  expect(exchanges).toHaveLength(REQUESTS);
  expect(flows).toHaveLength(REQUESTS);
  expect(stats).toMatchObject({ flows: REQUESTS, droppedEvents: 0, droppedBytes: 0, gaps: 0, opaqueConnections: 0 });
}

function settingFor(launch: Setting['launch']): Setting {
  const directory = scene.path('program');
  mkdirSync(directory);
  return { scene, scheme: 'https', order: 'before', certificate, directory, launch };
}

function titled<S extends { readonly program: string }>(list: readonly { subject: S; concurrency: number }[]) {
  return list.map(({ subject, concurrency }) => ({ subject, concurrency, program: subject.program }));
}

describeLive(`${REQUESTS} requests over TLS are ${REQUESTS} flows`, ['openssl', ...needs], () => {
  describe('under flowtap attach', () => {
    test.each(titled(loadedServers))('$program, $concurrency clients', async ({ subject, concurrency }) => {
      const backend = await ReferenceServer.start('http', certificate);
      scene.onClose(() => backend.close());
      const setting = settingFor((command, args, options) => launchHeld(scene, command, args, options));
      const { program, ready } = await subject.prepare({ ...setting, backend });
      startHeld(program);
      const { port } = await ready();
      const capture = await attach(scene, ['--pid', program.pid]);
      const client = new ReferenceClient('https', port, concurrency);
      scene.onClose(() => client.close());
      const ids = Array.from({ length: REQUESTS }, (_, index) => index + 1);
      await Promise.all(
        ids.map((id) => client.request({ method: 'GET', target: `/load?id=${id}`, body: '', fresh: false })),
      );
      await capture.flowCount(REQUESTS);
      expectEach(await capture.stop(), client.exchanges, 'server', port);
      expect(new Set(client.exchanges.map(({ clientPort }) => clientPort)).size).toBeGreaterThanOrEqual(concurrency);
    });
  });

  describe('under flowtap run', () => {
    test.each(titled(loadedClients))('$program, $concurrency at once', async ({ subject, concurrency }) => {
      const server = await ReferenceServer.start('https', certificate);
      scene.onClose(() => server.close());
      let capture: Capture | undefined;
      const setting = settingFor(async (command, args, { env } = {}) => {
        capture = await startRun(scene, [command, ...args], [], { env: { ...cleanEnvironment, ...env } });
        return capture.program;
      });
      const { program, ready } = await subject.prepare({ ...setting, server, requests: [] });
      const client = await ready();
      expect(await client.load?.('/load?key=1', REQUESTS, concurrency)).toEqual([]);
      program.closeInput();
      if (capture === undefined) throw new Error('nothing was started');
      expectEach(await capture.end(), server.exchanges, 'client', server.port);
      const ports = new Set(server.exchanges.map(({ clientPort }) => clientPort));
      expect(ports.size).toBeGreaterThanOrEqual(concurrency);
    });
  });
});
