// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Exchange } from './matrix/exchange.js';
import { launchHeld, startHeld } from './matrix/launch.js';
import { crashedServers } from './matrix/load-rows.js';
import { ReferenceClient } from './matrix/reference-client.js';
import { ReferenceServer } from './matrix/reference-server.js';
import { goServerBuilds } from './matrix/rows/go.js';
import { useCertificate } from './support/certificate.js';
import type { Flow } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { useGoPrograms } from './support/go.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

/** `npm run test:soak` asks for more. */
const SECONDS = Number(process.env['FLOWTAP_SOAK_SECONDS'] ?? 10);
const PERIOD_MS = 1000;
const CONNECTIONS = 8;

const needs = [...new Set(crashedServers.flatMap((subject) => subject.needs))];

function isTrue({ source, destination, response }: Flow, exchange: Exchange | undefined, port: number): boolean {
  if (exchange === undefined || response?.body.text !== exchange.text) return false;
  // A request that the program had read already when the capture began, and with it what would tell its socket.
  if (source === undefined && destination === undefined) return true;
  return source?.port === exchange.clientPort && destination?.port === port;
}

describeLive(`${SECONDS} s of load while captures come and go every second`, ['openssl', ...needs], () => {
  useGoPrograms(...goServerBuilds);

  test.each(crashedServers.map((subject) => ({ subject, program: subject.program })))(
    'leave every request of $program answered and the server alive',
    async ({ subject }) => {
      const backend = await ReferenceServer.start('http', certificate);
      scene.onClose(() => backend.close());
      const directory = scene.path('program');
      mkdirSync(directory);
      const { program, ready } = await subject.prepare({
        ...{ scene, scheme: 'https', order: 'before', certificate, directory, backend },
        launch: (command, args, options = {}) => launchHeld(scene, command, args, { cwd: directory, ...options }),
      });
      startHeld(program);
      const { port } = await ready();

      let isOver = false;
      let requests = 0;
      const exchanges = new Map<string, Exchange>();
      // A connection that is used again and again, and one for each request: handshakes are under way at any moment.
      const request = async (client: ReferenceClient, fresh: boolean) => {
        requests += 1;
        const exchange = await client.request({ method: 'GET', target: `/load?id=${requests}`, body: '', fresh });
        exchanges.set(exchange.target, exchange);
      };
      const work = async (_: unknown, index: number) => {
        const client = new ReferenceClient('https', port);
        while (!isOver) await request(client, index % 2 === 0);
        client.close();
      };
      const load = Promise.all(Array.from({ length: CONNECTIONS }, work));
      let captures = 0;
      const flows: Flow[] = [];
      const comeAndGo = async () => {
        const end = performance.now() + SECONDS * 1000;
        while (performance.now() < end) {
          const period = sleep(PERIOD_MS);
          const capture = await attach(scene, ['--pid', program.pid]);
          await capture.flowCount(1);
          flows.push(...(await capture.stop()).flows);
          captures += 1;
          await period;
        }
      };
      try {
        await comeAndGo();
      } finally {
        isOver = true;
      }
      await load;

      expect(program.isRunning, program.stderr).toBe(true);
      expect([...exchanges.values()].filter(({ status }) => status !== 200)).toEqual([]);
      expect(exchanges.size).toBe(requests);
      const client = new ReferenceClient('https', port);
      scene.onClose(() => client.close());
      expect(await client.request({ method: 'GET', target: '/first?id=0', body: '', fresh: false })).toMatchObject({
        status: 200,
      });
      process.stdout.write(`${subject.program}: ${requests} requests, ${captures} captures, ${flows.length} flows\n`);
      expect(captures).toBeGreaterThan(1);
      // Each capture joined connections in use: what it says of them has to be true all the same.
      const complete = flows.filter((flow) => flow.complete);
      expect(complete.filter((flow) => !isTrue(flow, exchanges.get(flow.request?.target ?? ''), port))).toEqual([]);
      expect(complete.length).toBeGreaterThan(captures);
      expect(complete.filter(({ source }) => source === undefined).length).toBeLessThanOrEqual(captures * CONNECTIONS);
    },
    SECONDS * 1000 + 60_000,
  );
});
