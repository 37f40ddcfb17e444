// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { launchHeld, startHeld } from './matrix/launch.js';
import { crashedServers } from './matrix/load-rows.js';
import { ReferenceClient } from './matrix/reference-client.js';
import { ReferenceServer } from './matrix/reference-server.js';
import { useCertificate } from './support/certificate.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

/** `npm run test:soak` asks for more. */
const SECONDS = Number(process.env['FLOWTAP_SOAK_SECONDS'] ?? 10);
const PERIOD_MS = 1000;
const CONNECTIONS = 8;

const needs = [...new Set(crashedServers.flatMap((subject) => subject.needs))];

describeLive(`${SECONDS} s of load while captures come and go every second`, ['openssl', ...needs], () => {
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
      // A connection that is used again and again, and one for each request: handshakes are under way at any moment.
      const request = async (client: ReferenceClient, fresh: boolean) => {
        requests += 1;
        await client.request({ method: 'GET', target: `/load?id=${requests}`, body: '', fresh });
      };
      const work = async (_: unknown, index: number) => {
        const client = new ReferenceClient('https', port);
        while (!isOver) await request(client, index % 2 === 0);
        client.close();
      };
      const load = Promise.all(Array.from({ length: CONNECTIONS }, work));
      let captures = 0;
      let flows = 0;
      const comeAndGo = async () => {
        const end = performance.now() + SECONDS * 1000;
        while (performance.now() < end) {
          const period = sleep(PERIOD_MS);
          const capture = await attach(scene, ['--pid', program.pid]);
          await capture.flowCount(1);
          flows += (await capture.stop()).flows.length;
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
      const client = new ReferenceClient('https', port);
      scene.onClose(() => client.close());
      expect(await client.request({ method: 'GET', target: '/first?id=0', body: '', fresh: false })).toMatchObject({
        status: 200,
      });
      process.stdout.write(`${subject.program}: ${requests} requests, ${captures} captures, ${flows} flows\n`);
      expect(captures).toBeGreaterThan(1);
    },
    SECONDS * 1000 + 60_000,
  );
});
