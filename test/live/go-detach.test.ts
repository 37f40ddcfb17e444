// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { attach } from './support/flowtap.js';
import { buildGo, GoServer, useGoPrograms } from './support/go.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const CAPTURE_MS = 500;

interface LoadSummary {
  readonly requests: number;
  readonly failures: number;
  readonly first: string;
}

describe.each([
  ['system', 20],
  ['stack-abi', 8],
  ['newest', 8],
] as const)('a TLS server of go (%s)', (toolchain, seconds) => {
  describeLive('under load', [`go:${toolchain}`, 'openssl'], () => {
    useGoPrograms({}, { toolchain });

    test('answers every request while it is attached to and let go again and again', async () => {
      const server = await GoServer.start(scene, buildGo('server', { toolchain }), { certificate });
      const args = ['-seconds', String(seconds), '-workers', '8', '-url', server.url('/load')];
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
      // It was worth watching: there was load while it was captured.
      expect(captures).toBeGreaterThanOrEqual(2);
      expect(flows).toBeGreaterThan(captures);
    });
  });
});
