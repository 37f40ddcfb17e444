// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, only } from './support/flow.js';
import { attach, replay, run, startRun } from './support/flowtap.js';
import { JavaClient, javaClientCommand } from './support/java.js';
import { describeLive } from './support/needs.js';
import { PythonServer, python } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

const staticClient = fileURLToPath(new URL('./support/c/static_client.c', import.meta.url));
const opaque = (flows: readonly Flow[]) => flows.filter(({ kind }) => kind === 'opaque');

describeLive('TLS that cannot be read', ['java', 'openssl'], () => {
  test("of Java's HttpClient is one opaque flow with name, protocols, bytes and the reason, in a replay too", async () => {
    const server = await PythonServer.start(scene, { certificate });
    const url = server.url('/java?id=1').replace('127.0.0.1', 'localhost');
    const log = scene.path('java.flowlog');
    const capture = await startRun(scene, javaClientCommand, ['--record', log]);
    const client = new JavaClient(capture.program);
    await client.ready();
    for (const _ of [1, 2]) expect(await client.request('GET', url)).toMatchObject({ status: 200 });
    capture.program.closeInput();
    const { status, flows, stats } = await capture.end();
    expect(status).toBe(0);
    const [flow, ...others] = opaque(flows);
    expect(others).toEqual([]);
    expect(flow).toMatchObject({
      protocol: 'tls',
      tls: true,
      role: 'client',
      sni: 'localhost',
      alpn: ['h2', 'http/1.1'],
      source: { address: '127.0.0.1', port: await server.clientPort('/java?id=1') },
      destination: { address: '127.0.0.1', port: server.port },
      process: { exe: expect.stringMatching(/\/java$/) },
      reason: { code: 'jsse', message: expect.stringContaining('JSSE') },
    });
    expect(flow).not.toHaveProperty('fdSource');
    // Two requests and answers, each with its head, and the handshake.
    expect(flow?.bytes?.egress).toBeGreaterThan(500);
    expect(flow?.bytes?.ingress).toBeGreaterThan(1000);
    expect(stats.opaqueConnections).toBe(1);
    const replayed = await replay(scene, [log]);
    expect(opaque(replayed.flows)[0]?.reason).toEqual(flow?.reason);
  });

  test('has true byte counts on a connection that is open before the capture and after it', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const [command = '', ...args] = javaClientCommand;
    const client = new JavaClient(await scene.start(command, args));
    await client.ready();
    const request = () => client.request('GET', server.url('/bytes?count=100000'));
    expect(await request()).toMatchObject({ status: 200 });
    const capture = await attach(scene, ['--pid', client.program.pid]);
    for (const _ of [1, 2, 3]) expect(await request()).toMatchObject({ status: 200 });
    const { flows } = await capture.stop();
    const flow = opaque(flows).find(({ reason }) => reason?.code === 'jsse');
    expect(flow?.bytes?.ingress).toBeGreaterThan(300_000);
    expect(flow?.bytes?.ingress).toBeLessThan(330_000);
    // Nobody saw who began the connection.
    expect(flow).toMatchObject({
      role: 'unknown',
      remote: { port: server.port },
      process: { pid: client.program.pid },
    });
  });

  test('of a program with OpenSSL inside and without symbols says so', async () => {
    const program = scene.path('static-client');
    const libraries = ['-static', '-s', '-lssl', '-lcrypto'];
    // The linker warns of what a static program cannot do with names of hosts.
    execFileSync('cc', ['-o', program, staticClient, ...libraries], { stdio: 'ignore' });
    const server = await PythonServer.start(scene, { certificate });
    const { status, flows } = await run(scene, [program, String(server.port)]);
    expect(status).toBe(0);
    expect(only(flows)).toMatchObject({ kind: 'opaque', reason: { code: 'openssl-stripped' } });
  });

  test('because nothing but the handshake passed is not blamed on the program', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const script =
      'import socket, ssl, sys; ssl._create_unverified_context().wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))';
    const { flows } = await run(scene, [python, '-c', script, String(server.port)]);
    expect(only(flows)).toMatchObject({ kind: 'opaque', reason: { code: 'no-tls-probe' } });
  });
});
