// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { targets } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const scene = useScene();
const certificate = useCertificate();
const kinds = ['prog', 'link', 'map'] as const;

type Held = Readonly<Record<(typeof kinds)[number], readonly number[]>>;

async function bpfIds(kind: (typeof kinds)[number]): Promise<readonly number[]> {
  const { status, stdout, stderr } = await scene.run('bpftool', ['-j', kind, 'show']);
  expect(status, stderr).toBe(0);
  return (JSON.parse(stdout) as readonly { readonly id: number }[]).map(({ id }) => id);
}

/** Ids of what a process holds by its descriptors. They count up: the kernel does not give them again soon. */
function heldBy(pid: number): Held {
  const directory = `/proc/${pid}/fdinfo`;
  const infos = readdirSync(directory).map((fd) => readFileSync(join(directory, fd), 'utf8'));
  // proc_pid_fdinfo(5); the info of a link names its program as well.
  const ids = (kind: (typeof kinds)[number]): readonly number[] =>
    infos.flatMap((info) => new RegExp(`^${kind}_id:\\t(\\d+)$`, 'm').exec(info)?.[1] ?? []).map(Number);
  return { prog: ids('prog'), link: ids('link'), map: ids('map') };
}

async function stillThere(held: Held): Promise<readonly string[]> {
  const left: string[] = [];
  for (const kind of kinds) {
    for (const id of await bpfIds(kind)) if (held[kind].includes(id)) left.push(`${kind} ${id}`);
  }
  return left;
}

describeLive('a capture that ends', ['bpftool', 'curl', 'openssl'], () => {
  test.each(['SIGKILL', 'SIGINT'] as const)('by %s leaves no probe behind, and the target works', async (signal) => {
    const server = await PythonServer.start(scene, { certificate });
    const capture = await attach(scene, ['--pid', server.pid]);
    const curl = ['-sk', '--max-time', '10', server.url('/echo?id=1')];
    expect(await scene.run('curl', curl)).toMatchObject({ status: 0 });
    await capture.flowCount(1);
    const held = heldBy(capture.program.pid);
    for (const kind of kinds) {
      expect(held[kind].length).toBeGreaterThan(2);
      expect(await bpfIds(kind)).toEqual(expect.arrayContaining([...held[kind]]));
    }

    const { status } = await capture.program.stop(signal);

    expect(status).toBe(signal === 'SIGKILL' ? 137 : 0);
    // The kernel frees what nobody holds after a grace period.
    await until('the kernel has freed everything', async () => (await stillThere(held)).length === 0);
    expect(await scene.run('curl', curl)).toMatchObject({ status: 0, stdout: expect.stringContaining('id=1') });
    expect(server.program.isRunning).toBe(true);
  });

  test('by SIGKILL while requests are under way disturbs none of them', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const capture = await attach(scene, ['--pid', server.pid]);
    const client = await scene.start('curl', [
      '-sk',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}\n',
      server.url('/echo?id=[1-2000]'),
    ]);
    await capture.flowCount(100);
    capture.program.signal('SIGKILL');
    const { status, stdout } = await client.ended;
    expect(status).toBe(0);
    expect(stdout).toBe('200\n'.repeat(2000));
    // Another capture finds everything as the first one did.
    const again = await attach(scene, ['--pid', server.pid]);
    await scene.run('curl', ['-sk', server.url('/echo?id=again')]);
    expect(targets(await again.flowCount(1))).toEqual(['/echo?id=again']);
  });
});
