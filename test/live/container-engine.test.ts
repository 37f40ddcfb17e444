// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { containerNeeds, useContainers } from './support/containers.js';
import { flowtap, startFlowtap } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { useScene } from './support/scene.js';
import { NOBODY, unprivilegedCopy } from './support/unprivileged.js';

describeLive('the container engine', containerNeeds, () => {
  const scene = useScene();
  const { containers } = useContainers(scene);
  const doctor = async (env: NodeJS.ProcessEnv) =>
    (await flowtap(scene, ['doctor'], { env: { ...cleanEnvironment, HOME: scene.directory, ...env } })).stdout;

  test('is named by doctor, with the place where it was found', async () => {
    const { host } = containers.engine();
    const line = `ok       container engine  docker `;
    expect(await doctor({ DOCKER_HOST: host })).toContain(line);
    expect(await doctor({ DOCKER_HOST: host })).toContain(`at ${host} (DOCKER_HOST), API 1.`);
  });

  test('is said by doctor to be absent, with the remedy, where none answers', async () => {
    const text = await doctor({ DOCKER_HOST: `unix://${scene.path('none.sock')}` });
    expect(text).toMatch(/^absent {3}container engine {2}No container engine answers at .*none\.sock.*; Start it/m);
    expect(text).toContain('flowtap can capture on this machine.');
  });

  test('that this user may not talk to is told of as such', async () => {
    const { command, arguments: args } = unprivilegedCopy(scene);
    const target = ['--docker-host', containers.engine().host, '--container', 'web'];
    const options = { uid: NOBODY, gid: NOBODY, input: '' };
    const { status, stderr } = await scene
      .start(command, [...args, 'attach', ...target], options)
      .then(({ ended }) => ended);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^flowtap: This user may not talk to the container engine at unix:.* Run as root/);
  });

  test('need not have the container yet', async () => {
    const ready = scene.path('ready');
    const host = containers.engine().host;
    const program = await startFlowtap(scene, [
      ...['attach', '--docker-host', host, '--container', 'later', '--ready-file', ready],
    ]);
    await program.says('capturing container later as soon as it runs by tracepoint');
    expect((await program.stop('SIGINT')).status).toBe(0);
  });
});
