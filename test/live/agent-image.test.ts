// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { GuiServer } from '../../packages/grpc-exporter/test/support/gui-server.js';
import { useCertificate } from './support/certificate.js';
import { makeImage } from './support/container-image.js';
import { type DockerEngine, useDockerEngine } from './support/docker-engine.js';
import { startEngineProxy } from './support/engine-proxy.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const python = fileURLToPath(new URL('./support/python', import.meta.url));
const BUILD_TIMEOUT_MS = 240_000;

// As in examples/agent/compose.yaml, but for BPF and PERFMON: Debian 12's engine does not know them, and SYS_ADMIN has both.
const CONFINEMENT = ['--read-only', '--security-opt', 'no-new-privileges:true', '--cap-drop', 'ALL'];
const PRIVILEGES = ['--pid', 'host', '--cap-add', 'SYS_ADMIN', '--cap-add', 'SYS_PTRACE'];

/** Nothing is pulled: these stand for the images that the Dockerfile names, with what it uses of them. */
function makeBaseImages(engine: DockerEngine): void {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-npm-'));
  const programs = ['/bin/sh', '/usr/bin/env', process.execPath];
  try {
    const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8', env: cleanEnvironment }).trim();
    const place = '/usr/local/lib/node_modules/npm';
    writeFileSync(join(directory, 'npm'), `#!/bin/sh\nexec node ${place}/bin/npm-cli.js "$@"\n`, { mode: 0o755 });
    makeImage(engine, 'node:22-bookworm-slim', {
      programs,
      moves: { '/usr/local/bin/node': process.execPath },
      copies: { [place]: dirname(dirname(realpathSync(npm))), '/usr/local/bin/npm': join(directory, 'npm') },
    });
    // The program itself comes from the other image.
    makeImage(engine, 'debian:bookworm-slim', { programs, moves: { '/tmp/node': process.execPath } });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describeLive('the image of the agent', ['dockerd', 'containerd', '/usr/bin/docker', 'npm', 'curl', 'openssl'], () => {
  const scene = useScene();
  const certificate = useCertificate();
  const engine = useDockerEngine(async (made) => {
    makeBaseImages(made);
    makeImage(made, 'tools:1', {
      programs: ['/usr/bin/curl', '/bin/sh', '/bin/sleep', '/usr/bin/python3'],
      copies: { '/usr/lib/python3.11': '/usr/lib/python3.11' },
    });
  });

  test(
    'is built from its Dockerfile, and captures another container with the privileges that it asks for',
    async () => {
      const { run, docker } = boundTo(engine());
      await run('build', '--file', join(root, 'examples/agent/Dockerfile'), '--tag', 'flowtap', root);
      const volumes = ['-v', `${python}:/python:ro`, '-v', `${dirname(certificate.file)}:/certificate:ro`];
      const tls = ['--tls', '/certificate/certificate.pem', '/certificate/key.pem'];
      await run(
        'run',
        '-d',
        '--name',
        'server',
        '--network',
        'host',
        ...volumes,
        'tools:1',
        'python3',
        '/python/server.py',
        ...tls,
      );
      const port = await until('the server listens', async () => {
        return /"port": (\d+)/.exec((await docker('logs', 'server')).stdout)?.[1];
      });

      const gui = new GuiServer(['nsenter', `--net=${engine().path('network')}`]);
      scene.onClose(() => gui.kill());
      await gui.start();
      const proxy = await startEngineProxy(scene, engine().path('docker.sock'));
      const layers = engine().path('root');
      const mounts = [
        `${proxy.socket}:/var/run/docker.sock`,
        '/sys/fs/cgroup:/sys/fs/cgroup:ro',
        `${layers}:${layers}:ro`,
      ];
      const volumeOptions = mounts.flatMap((mount) => ['--volume', mount]);
      const agentOptions = ['--name', 'agent', '--network', 'host', ...CONFINEMENT, ...PRIVILEGES, ...volumeOptions];
      await run('run', '-d', ...agentOptions, 'flowtap', 'agent', '--server', gui.address);
      const says = (text: string) =>
        until(`the agent says "${text}"`, async () => (await docker('logs', 'agent')).stderr.includes(text));
      await says('capturing what');
      await until('the GUI knows the agent', () => gui.agents.length === 1);

      const client = [
        '--name',
        'client',
        '--network',
        'host',
        'tools:1',
        'curl',
        '-sk',
        `https://127.0.0.1:${port}/echo?id=1`,
      ];
      await gui.setSettings([await run('create', ...client)]);
      await says('capturing client');
      await run('start', '--attach', 'client');
      await until('the flow is there', () => gui.flows.length === 2);
      expect(gui.exchanges[0]?.request).toMatchObject({
        dest_addr: `127.0.0.1:${port}`,
        http_request: { method: 'GET', path: '/echo?id=1' },
      });
      expect(gui.exchanges[0]?.response?.http_response?.status).toBe(200);
      expect(gui.violations).toEqual([]);
      expect(proxy.refused).toEqual([]);

      await run('stop', 'agent');
      expect(await run('inspect', '--format', '{{.State.ExitCode}}', 'agent')).toBe('0');
    },
    BUILD_TIMEOUT_MS,
  );
});

function boundTo(engine: DockerEngine): Pick<DockerEngine, 'run' | 'docker'> {
  return { run: (...args) => engine.run(...args), docker: (...args) => engine.docker(...args) };
}
