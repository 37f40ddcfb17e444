// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { targets } from './support/flow.js';
import { attach, flowtap } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

const isOffered = {
  // A kernel with neither could not run any of these tests.
  tracepoint: () => true,
  // CONFIG_KPROBES; bpf_link on a kprobe needs its perf event source.
  kprobe: () => existsSync('/sys/bus/event_source/devices/kprobe/type'),
} as const;

describeLive('--backend', ['curl', 'openssl'], () => {
  test.each(['tracepoint', 'kprobe'] as const)(
    '%s sees the same as the other, or is refused in a sentence',
    async (backend) => {
      const server = await PythonServer.start(scene, { certificate });
      if (!isOffered[backend]()) {
        const { status, stderr } = await flowtap(scene, ['attach', '--pid', `${server.pid}`, '--backend', backend]);
        expect(status).toBe(1);
        expect(stderr).toMatch(new RegExp(`^flowtap: This kernel does not offer .*"${backend}".*\\n$`));
        return;
      }
      const capture = await attach(scene, ['--pid', server.pid, '--backend', backend]);
      expect(capture.program.stderr).toContain(`by ${backend}`);
      await scene.run('curl', ['-sk', server.url('/backend?id=1'), server.url('/backend?id=2')]);
      const flows = await capture.flowCount(2);
      expect(targets(flows)).toEqual(['/backend?id=1', '/backend?id=2']);
      for (const flow of flows) expect(flow).toMatchObject({ role: 'server', tls: true, complete: true });
    },
  );
});
