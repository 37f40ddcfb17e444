// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { useCertificate } from '../live/support/certificate.js';
import { requestId } from '../live/support/flow.js';
import { attach, run } from '../live/support/flowtap.js';
import { buildGo, buildName, type GoBuild, GoServer } from '../live/support/go.js';
import { describeLive } from '../live/support/needs.js';
import { useScene } from '../live/support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const REQUESTS = 20;
const builds: readonly GoBuild[] = [{}, { plainCalls: true }];

function expectAll(flows: readonly Parameters<typeof requestId>[0][], role: string): void {
  const seen = flows.filter(({ kind }) => kind === 'flow');
  const wanted = Array.from({ length: REQUESTS }, (_, index) => String(index + 1));
  expect(seen.map(requestId).sort((a, b) => Number(a) - Number(b))).toEqual(wanted);
  for (const flow of seen) {
    const text = `id=${requestId(flow)} target=${flow.request?.target} bytes=0\n`;
    expect(flow).toMatchObject({ tls: true, fdSource: 'go', role, response: { body: { text } }, complete: true });
  }
}

describe.each(builds.map((build) => [buildName(build), build] as const))('crypto/tls of %s', (_, build) => {
  describeLive('is shown', ['go:system', 'openssl'], () => {
    test('in a server and in a client', async () => {
      const server = await GoServer.start(scene, buildGo('server', build), { certificate });
      const capture = await attach(scene, ['--pid', server.pid]);
      const args = ['-count', String(REQUESTS), '-workers', '4', '-url', server.url('/go')];
      const client = await run(scene, [buildGo('client', build), ...args]);
      expect(client.status).toBe(0);
      expectAll(client.flows, 'client');
      await capture.flowCount(REQUESTS);
      expectAll((await capture.stop()).flows, 'server');
    });
  });
});
