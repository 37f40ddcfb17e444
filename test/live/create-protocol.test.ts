// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from './support/flowtap.js';
import { freePort } from './support/free-port.js';
import { startMemcached } from './support/memcached.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const creator = fileURLToPath(new URL('../../packages/create-protocol/bin/create-protocol.js', import.meta.url));
const client = fileURLToPath(new URL('./support/node/memcache-client.mjs', import.meta.url));

const TIMEOUT_MS = 240_000;

/** The user's own npm settings and cache. */
const npmEnvironment = { ...process.env, PATH: `${process.env['PATH']}:${cleanEnvironment['PATH']}` };

describeLive('npm create @flowtap/protocol', ['memcached', 'npm'], () => {
  test('gives a package that passes its tests, and shows the flows of a real server', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const created = await scene.run(process.execPath, [creator, 'my-cache']);
    expect(created).toMatchObject({ status: 0, stderr: '' });
    // What it says is to be done next.
    const steps = [...created.stdout.matchAll(/^ {2}(npm .*)$/gm)].map(([, step]) => step ?? '');
    expect(steps).toEqual(['npm install', 'npm test', 'npm run build']);
    const cwd = scene.path('my-cache');
    for (const step of [...steps, 'npm run typecheck']) {
      const args = [...step.split(' ').slice(1), ...(step === 'npm install' ? ['--prefer-offline', '--no-audit'] : [])];
      const { status, stdout, stderr } = await scene.run('npm', args, { cwd, env: npmEnvironment });
      expect(status, `${step}\n${stdout}${stderr}`).toBe(0);
      if (step === 'npm test') expect(stdout).toMatch(/Tests .*3 passed/);
    }
    expect(existsSync(scene.path('my-cache/dist/index.d.ts'))).toBe(true);

    const port = await freePort();
    await startMemcached(scene, port);
    const plugin = scene.path('my-cache/dist/index.js');
    const { flows, status } = await run(scene, [process.execPath, client, String(port)], ['--plugin', plugin]);
    expect(status).toBe(0);
    expect(flows.length).toBe(112);
    expect(flows.every(({ protocol, complete }) => protocol === 'my-cache' && complete)).toBe(true);
  });
});
