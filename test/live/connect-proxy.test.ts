// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer, python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

async function startProxy(): Promise<{ readonly pid: number; readonly port: number }> {
  const program = await scene.start(python, [pythonScript('connect_proxy')]);
  return { pid: program.pid, port: Number(await program.line()) };
}

describeLive('a CONNECT proxy', ['curl', 'openssl'], () => {
  test('on the way shows the CONNECT and the decrypted request inside it', async () => {
    const proxy = await startProxy();
    const server = await PythonServer.start(scene, { certificate });
    const options = ['-sk', '-x', `http://127.0.0.1:${proxy.port}`, '-H', 'X-Inside: yes'];
    const { status, stdout, flows } = await run(scene, ['curl', ...options, server.url('/inside?id=1')]);

    expect(status).toBe(0);
    expect(stdout).toMatch(/^id=1 /);
    // What curl itself is connected to, in both.
    const destination = { address: '127.0.0.1', port: proxy.port };
    expect(flows).toMatchObject([
      {
        tls: false,
        role: 'client',
        destination,
        request: { method: 'CONNECT', target: `127.0.0.1:${server.port}` },
        response: { status: 200, reason: 'Connection established' },
        complete: true,
      },
      {
        tls: true,
        scheme: 'https',
        role: 'client',
        destination,
        request: { method: 'GET', target: '/inside?id=1' },
        response: { status: 200, body: { text: stdout } },
        complete: true,
      },
    ]);
    expect(flows[1]?.source).toEqual(flows[0]?.source);
  });

  test('carrying plain HTTP shows the request inside it', async () => {
    const proxy = await startProxy();
    const server = await PythonServer.start(scene);
    const options = ['-s', '-p', '-x', `http://127.0.0.1:${proxy.port}`];
    const { flows } = await run(scene, ['curl', ...options, server.url('/inside?id=1'), server.url('/inside?id=2')]);
    expect(flows).toMatchObject([
      { request: { method: 'CONNECT' }, response: { status: 200 }, complete: true },
      { tls: false, request: { method: 'GET', target: '/inside?id=1' }, response: { status: 200 }, complete: true },
      { tls: false, request: { method: 'GET', target: '/inside?id=2' }, response: { status: 200 }, complete: true },
    ]);
  });

  test('itself shows the CONNECT, and the rest as encrypted in both directions', async () => {
    const proxy = await startProxy();
    const server = await PythonServer.start(scene, { certificate });
    const capture = await attach(scene, ['--pid', proxy.pid]);
    const url = server.url('/inside?id=1').replace('127.0.0.1', 'localhost');
    await scene.run('curl', [
      '-sk',
      '--resolve',
      `localhost:${server.port}:127.0.0.1`,
      '-x',
      `http://127.0.0.1:${proxy.port}`,
      url,
    ]);
    await capture.flowCount(3);
    const { flows } = await capture.stop();

    const connect = flows.find(({ kind }) => kind === 'flow');
    expect(connect).toMatchObject({
      role: 'server',
      tls: false,
      destination: { port: proxy.port },
      request: { method: 'CONNECT', target: `localhost:${server.port}` },
      response: { status: 200 },
      complete: true,
    });
    const opaque = flows.filter(({ kind }) => kind === 'opaque');
    expect(opaque).toHaveLength(2);
    for (const flow of opaque) expect(flow).toMatchObject({ tls: true, sni: 'localhost' });
    expect(opaque.map(({ role }) => role).sort()).toEqual(['client', 'server']);
    expect(opaque.find(({ role }) => role === 'client')?.destination).toEqual({
      address: '127.0.0.1',
      port: server.port,
    });
  });
});
