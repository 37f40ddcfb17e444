// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { attach } from './support/flowtap.js';
import { buildGo, GoServer } from './support/go.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const LOAD_SECONDS = 20;
const CAPTURE_MS = 500;

interface LoadSummary {
  readonly requests: number;
  readonly failures: number;
  readonly first: string;
}

describeLive('a Go TLS server under load', ['go', 'openssl'], () => {
  test.each(['system', 'stack-abi', 'newest'] as const)(
    'answers every request while it is attached to and let go again and again: go (%s)',
    async (toolchain) => {
      const server = await GoServer.start(scene, buildGo('server', { toolchain }), { certificate });
      const args = ['-seconds', String(LOAD_SECONDS), '-workers', '8', '-url', server.url('/load')];
      const client = await scene.start(buildGo('client'), args);
      let captures = 0;
      let flows = 0;
      for (; client.isRunning; captures++) {
        const capture = await attach(scene, ['--pid', server.pid]);
        await new Promise((resolve) => setTimeout(resolve, CAPTURE_MS));
        const ended = await capture.stop();
        expect(ended.status).toBe(0);
        flows += ended.stats.flows;
      }
      const summary = JSON.parse((await client.ended).stdout) as LoadSummary;
      expect(summary).toMatchObject({ failures: 0, first: '' });
      expect(server.program.isRunning).toBe(true);
      expect(server.requests().length).toBe(summary.requests);
      // It was worth watching: there was load in each of several captures.
      expect(captures).toBeGreaterThanOrEqual(3);
      expect(flows).toBeGreaterThan(captures);
    },
  );
});
