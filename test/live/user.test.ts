// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

describeLive('--user', ['curl', 'openssl'], () => {
  test('runs the command as that user, and captures it', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const script = `id -un; id -gn; printf '%s\\n' "$USER" "$LOGNAME"; curl -sk '${server.url('/user?id=1')}'`;
    const { status, stdout, flows } = await run(scene, ['sh', '-c', script], ['--user', 'nobody']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^nobody\nnogroup\nnobody\nnobody\nid=1 /);
    expect(flows).toMatchObject([{ tls: true, request: { target: '/user?id=1' }, complete: true }]);
  });

  test('runs it without capabilities that only root has', async () => {
    const { stdout } = await run(scene, ['grep', 'CapEff', '/proc/self/status'], ['--user', 'nobody']);
    expect(stdout).toMatch(/^CapEff:\s+0+\n$/);
  });
});
