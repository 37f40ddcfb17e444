// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { GuiServer } from '../../packages/grpc-exporter/test/support/gui-server.js';
import { useCertificate } from './support/certificate.js';
import { makeImage } from './support/container-image.js';
import { type DockerEngine, useDockerEngine } from './support/docker-engine.js';
import { type Capture, startAgent } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const python = fileURLToPath(new URL('./support/python', import.meta.url));

describeLive('flowtap agent', ['dockerd', 'containerd', '/usr/bin/docker', 'curl', 'openssl'], () => {
  const certificate = useCertificate();
  const scene = useScene();
  let server = '';

  const engine = useDockerEngine(async (made) => {
    makeImage(made, 'tools:1', {
      programs: ['/usr/bin/curl', '/bin/sh', '/bin/sleep', '/bin/cat', '/usr/bin/python3'],
      copies: {
        '/usr/lib/python3.11': '/usr/lib/python3.11',
        '/etc/passwd': '/etc/passwd',
        '/etc/group': '/etc/group',
      },
    });
    server = await startServer(made);
    for (const name of ['one', 'two']) await made.run('run', '-d', '--name', name, 'tools:1', 'sleep', 'infinity');
  });

  async function startServer(made: DockerEngine): Promise<string> {
    const volumes = ['-v', `${python}:/python:ro`, '-v', `${dirname(certificate.file)}:/certificate:ro`];
    const tls = ['--tls', '/certificate/certificate.pem', '/certificate/key.pem'];
    const command = ['python3', '/python/server.py', '--host', '0.0.0.0', ...tls];
    await made.run('run', '--detach', '--name', 'server', ...volumes, 'tools:1', ...command);
    const port = await until('the server listens', async () => {
      return /"port": (\d+)/.exec((await made.docker('logs', 'server')).stdout)?.[1];
    });
    return `https://${await made.address('server')}:${port}`;
  }

  /** @param launcher command that starts flowtap */
  async function withGui(
    launcher: readonly string[] = [],
  ): Promise<{ readonly gui: GuiServer; readonly agent: Capture }> {
    const gui = new GuiServer();
    scene.onClose(() => gui.kill());
    await gui.start();
    const options = ['--server', gui.address, '--docker-host', engine().host];
    const agent = await startAgent(scene, options, launcher);
    await until('the GUI knows the agent and its containers', () => gui.agents.length > 0 && gui.reports.length > 0);
    return { gui, agent };
  }

  const idOf = (name: string): Promise<string> => engine().run('inspect', '--format', '{{.Id}}', name);
  const curlIn = (name: string, target: string) => engine().run('exec', name, 'curl', '-sk', `${server}${target}`);

  /** Tells the agent what to capture, and waits until it does. */
  async function choose(gui: GuiServer, agent: Capture, ids: readonly string[], says: string): Promise<void> {
    await gui.setSettings(ids);
    await agent.program.says(says);
  }

  test('reports the containers, and sends the flows of those that the GUI has chosen last', async () => {
    const { gui, agent } = await withGui();
    expect(gui.agents).toEqual(['1.0.5']);
    expect(gui.reports[0]?.containers).toEqual(
      expect.arrayContaining([
        { id: await idOf('one'), name: 'one', image: 'tools:1', status: 'running', ip: await engine().address('one') },
      ]),
    );
    await choose(gui, agent, [await idOf('one')], 'capturing one');
    await curlIn('two', '/two?id=1');
    await curlIn('one', '/one?id=2');
    await until('the flow is there', () => gui.flows.length === 2);
    await choose(gui, agent, [await idOf('two')], 'capturing two');
    await curlIn('one', '/one?id=3');
    await curlIn('two', '/two?id=4');
    await until('the other flow is there', () => gui.flows.length === 4);
    expect(gui.exchanges.map(({ request }) => request.http_request?.path)).toEqual(['/one?id=2', '/two?id=4']);
    expect(gui.flows.map(({ request, response }) => request ?? response)).toEqual([
      'http_request',
      'http_response',
      'http_request',
      'http_response',
    ]);
    expect(gui.exchanges.map(({ response }) => response?.http_response?.status)).toEqual([200, 200]);
    expect(gui.violations).toEqual([]);
    const { status, flows } = await agent.stop();
    expect(status).toBe(0);
    expect(flows.map(({ container, destinationContainer }) => [container?.name, destinationContainer])).toEqual([
      ['one', 'server'],
      ['two', 'server'],
    ]);
  });

  test('captures a chosen container that starts later and lives for one request over TLS', async () => {
    const { gui, agent } = await withGui();
    const id = await engine().run('create', '--name', 'quick', 'tools:1', 'curl', '-sk', `${server}/quick?id=5`);
    scene.onClose(async () => void (await engine().docker('rm', '--force', 'quick')));
    await choose(gui, agent, [id], 'capturing quick');
    await engine().run('start', '--attach', 'quick');
    await until('the flow is there', () => gui.flows.length === 2);
    expect(gui.exchanges[0]?.request.http_request?.path).toBe('/quick?id=5');
    expect(gui.violations).toEqual([]);
  });

  test('does with the capabilities of its systemd unit', async () => {
    const unit = readFileSync(new URL('../../examples/agent/flowtap-agent.service', import.meta.url), 'utf8');
    const names = /^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1]?.toLowerCase().split(' ') ?? [];
    const only = ['-all', ...names.map((name) => `+${name.replace('cap_', '')}`)].join(',');
    const { gui, agent } = await withGui(['setpriv', '--bounding-set', only, '--inh-caps', only]);
    await choose(gui, agent, [await idOf('one')], 'capturing one');
    await curlIn('one', '/one?id=8');
    await until('the flow is there', () => gui.flows.length === 2);
    const id = await engine().run('create', '--name', 'next', 'tools:1', 'curl', '-sk', `${server}/next?id=9`);
    scene.onClose(async () => void (await engine().docker('rm', '--force', 'next')));
    await choose(gui, agent, [id], 'capturing next');
    await engine().run('start', '--attach', 'next');
    await until('the other flow is there', () => gui.flows.length === 4);
    expect(gui.exchanges.map(({ request }) => request.http_request?.path)).toEqual(['/one?id=8', '/next?id=9']);
  });

  test('goes on when the container engine restarts', async () => {
    const { gui, agent } = await withGui();
    await choose(gui, agent, [await idOf('one'), await idOf('two')], 'capturing one, two');
    await engine().restart(async () => {
      await agent.program.says('the container engine is away');
    });
    await agent.program.says('the container engine is back');
    await curlIn('one', '/one?id=6');
    await until('the flow is there', () => gui.flows.length === 2);
    const third = await engine().run('run', '-d', '--name', 'three', 'tools:1', 'sleep', 'infinity');
    scene.onClose(async () => void (await engine().docker('rm', '--force', 'three')));
    await until('the GUI knows the new container', () => gui.reports.at(-1)?.containers.some(({ id }) => id === third));
    await gui.setSettings([third]);
    await agent.program.says('capturing three');
    await curlIn('three', '/three?id=7');
    await until('its flow is there', () => gui.flows.length === 4);
    expect(gui.exchanges.map(({ request }) => request.http_request?.path)).toEqual(['/one?id=6', '/three?id=7']);
    expect(gui.violations).toEqual([]);
  });
});
