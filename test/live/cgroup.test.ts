// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { Cgroup } from './support/cgroup.js';
import { targets } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import type { Program } from './support/program.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

/** A shell that runs what is written to it. */
function startShell(): Promise<Program> {
  return scene.start('sh', ['-s']);
}

const answers = new WeakMap<Program, number>();

async function curlIn(shell: Program, url: string): Promise<void> {
  const index = answers.get(shell) ?? 0;
  answers.set(shell, index + 1);
  shell.write(`curl -sk '${url}'\n`);
  expect(await shell.line(index)).toMatch(/^id=/);
}

describeLive('--cgroup', ['curl', 'openssl'], () => {
  test.each(['v2', 'v1'] as const)(
    '(%s) shows processes of the group, present and future, and no others',
    async (version) => {
      const server = await PythonServer.start(scene, { certificate });
      const cgroup = Cgroup.make(scene, version);
      const [present, future, outside] = [await startShell(), await startShell(), await startShell()];
      cgroup.add(present.pid);
      const capture = await attach(scene, ['--cgroup', cgroup.path]);
      await curlIn(present, server.url('/present?id=1'));
      await curlIn(future, server.url('/future?id=too-early'));
      cgroup.add(future.pid);
      await curlIn(future, server.url('/future?id=1'));
      await curlIn(outside, server.url('/outside?id=1'));
      await curlIn(present, server.url('/present?id=2'));
      await capture.flowCount(3);
      const { status, flows } = await capture.stop();

      expect(status).toBe(0);
      expect(targets(flows)).toEqual(['/present?id=1', '/future?id=1', '/present?id=2']);
      for (const flow of flows) {
        expect(flow).toMatchObject({ tls: true, role: 'client', process: { comm: 'curl' }, complete: true });
      }
    },
  );

  test('shows processes of groups below it', async () => {
    const server = await PythonServer.start(scene);
    const cgroup = Cgroup.make(scene, 'v2');
    const below = cgroup.child(scene, 'below');
    const shell = await startShell();
    const capture = await attach(scene, ['--cgroup', cgroup.path]);
    below.add(shell.pid);
    await curlIn(shell, server.url('/below?id=1'));
    expect(targets(await capture.flowCount(1))).toEqual(['/below?id=1']);
  });

  test('is understood as seen from the root of its hierarchy', async () => {
    const server = await PythonServer.start(scene);
    const cgroup = Cgroup.make(scene, 'v2');
    const shell = await startShell();
    cgroup.add(shell.pid);
    const capture = await attach(scene, ['--cgroup', `/${cgroup.path.split('/').at(-1)}`]);
    await curlIn(shell, server.url('/named?id=1'));
    expect(targets(await capture.flowCount(1))).toEqual(['/named?id=1']);
  });

  test('lets a process go that leaves the group', async () => {
    const server = await PythonServer.start(scene);
    const cgroup = Cgroup.make(scene, 'v2');
    const elsewhere = cgroup.child(scene, 'sibling');
    const inside = cgroup.child(scene, 'inside');
    const shell = await startShell();
    inside.add(shell.pid);
    const capture = await attach(scene, ['--cgroup', inside.path]);
    await curlIn(shell, server.url('/inside?id=1'));
    elsewhere.add(shell.pid);
    await curlIn(shell, server.url('/elsewhere?id=1'));
    inside.add(shell.pid);
    await curlIn(shell, server.url('/inside?id=2'));
    await capture.flowCount(2);
    expect(targets((await capture.stop()).flows)).toEqual(['/inside?id=1', '/inside?id=2']);
  });
});
