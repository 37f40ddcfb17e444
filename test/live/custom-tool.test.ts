// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { makeImage } from './support/container-image.js';
import { useDockerEngine } from './support/docker-engine.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const example = (path: string) => fileURLToPath(new URL(`../../examples/custom-tool/${path}`, import.meta.url));
const python = fileURLToPath(new URL('./support/python', import.meta.url));
const SECONDS = 4;

describeLive('the example of a tool of one’s own', ['dockerd', 'containerd', '/usr/bin/docker', 'curl'], () => {
  const scene = useScene();
  const engine = useDockerEngine(async (made) => {
    makeImage(made, 'tools:1', {
      programs: ['/usr/bin/curl', '/bin/sh', '/usr/bin/python3'],
      copies: { '/usr/lib/python3.11': '/usr/lib/python3.11' },
    });
  });

  test('is fewer than 60 lines, and prints the endpoints of a container, the slowest first', async () => {
    expect(readFileSync(example('src/slowest-endpoints.ts'), 'utf8').split('\n').length).toBeLessThan(60);
    const command = ['python3', '/python/server.py', '--host', '0.0.0.0'];
    await engine().run('run', '-d', '--name', 'shop', '-v', `${python}:/python:ro`, 'tools:1', ...command);
    const port = await until('the server listens', async () => {
      return /"port": (\d+)/.exec((await engine().docker('logs', 'shop')).stdout)?.[1];
    });
    const tool = await scene.start(process.execPath, [example('dist/slowest-endpoints.js'), String(SECONDS)], {
      env: { ...cleanEnvironment, DOCKER_HOST: engine().host },
    });
    await tool.says('watching');
    const targets = ['/echo?id=1', '/echo?id=2', '/slow?ms=300'];
    const requests = targets.map((target) => `curl -s http://127.0.0.1:${port}${target}`).join('; ');
    await engine().run('exec', 'shop', 'sh', '-c', requests);
    const { status, stdout } = await tool.ended;
    expect(status).toBe(0);
    const [name, ...lines] = stdout.trimEnd().split('\n');
    expect(name).toBe('shop');
    expect(lines).toEqual([
      expect.stringMatching(/^ +[3-9]\d\d\.\d ms {2}GET \/slow {2}\(1 requests\)$/),
      expect.stringMatching(/^ +\d+\.\d ms {2}GET \/echo {2}\(2 requests\)$/),
    ]);
  });
});
