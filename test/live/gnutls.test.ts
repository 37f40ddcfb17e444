// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { untilListening } from './matrix/printing-server.js';
import { useCertificate } from './support/certificate.js';
import { only } from './support/flow.js';
import { attach, type Capture, run, startRun } from './support/flowtap.js';
import { freePort } from './support/free-port.js';
import { gnutlsCliArguments, gnutlsCliConnected } from './support/gnutls-cli.js';
import { describeLive } from './support/needs.js';
import type { Program } from './support/program.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const scene = useScene();
const certificate = useCertificate();

const request = (target: string, port: number) => `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;

/** Flows over TLS, when there are so many. Its stdin is a socket too, and what a test writes there looks like HTTP. */
const tlsFlows = (capture: Capture, count: number) =>
  until(`there are ${count} flows over TLS`, () => {
    const flows = capture.flows().filter(({ tls }) => tls);
    return flows.length >= count && flows;
  });

/** gnutls-serv answers every request with a page about the connection, and closes. */
async function startServer(): Promise<{ readonly program: Program; readonly port: number }> {
  const port = await freePort();
  const files = ['--x509certfile', certificate.file, '--x509keyfile', certificate.key];
  const args = ['--http', '--disable-client-cert', '--port', String(port), ...files];
  const program = await scene.start('gnutls-serv', args);
  await untilListening(port);
  return { program, port };
}

describeLive('GnuTLS', ['wget', 'gnutls-cli', 'curl', 'openssl'], () => {
  test('in wget is read, with the right addresses', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const command = ['wget', '-q', '--no-check-certificate', '-O', '-', server.url('/wget?id=1')];
    const { status, stdout, flows, stats } = await run(scene, command);
    expect(status).toBe(0);
    expect(only(flows)).toMatchObject({
      kind: 'flow',
      tls: true,
      role: 'client',
      fdSource: 'set-fd',
      source: { address: '127.0.0.1', port: await server.clientPort('/wget?id=1') },
      destination: { address: '127.0.0.1', port: server.port },
      process: { comm: 'wget' },
      request: { method: 'GET', target: '/wget?id=1' },
      response: { status: 200, body: { text: stdout } },
      complete: true,
    });
    expect(stats).toMatchObject({ opaqueConnections: 0, gaps: 0 });
  });

  test('sends and receives every byte of large bodies once', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const command = ['wget', '-q', '--no-check-certificate', '-O', '-', `--post-data=${'p'.repeat(100_000)}`];
    const { flows, stats } = await run(scene, [...command, server.url('/bytes?count=300000&id=1')]);
    expect(only(flows)).toMatchObject({
      request: { body: { size: 100_000, truncated: false } },
      response: { body: { size: 300_000 } },
      complete: true,
    });
    expect(stats.gaps).toBe(0);
  });

  describe('in gnutls-cli', () => {
    test('is read when it starts under the capture', async () => {
      const server = await PythonServer.start(scene, { certificate });
      const capture = await startRun(scene, ['gnutls-cli', ...gnutlsCliArguments(server.port)]);
      await gnutlsCliConnected(capture.program);
      capture.program.write(request('/cli?id=1', server.port));
      const [flow] = await tlsFlows(capture, 1);
      expect(flow).toMatchObject({
        tls: true,
        role: 'client',
        source: { port: await server.clientPort('/cli?id=1') },
        destination: { port: server.port },
        request: { target: '/cli?id=1' },
        response: { status: 200 },
        complete: true,
      });
      capture.program.closeInput();
      expect((await capture.end()).flows.filter(({ tls }) => tls)).toHaveLength(1);
    });

    test('is read from its next request on when its connection was open before', async () => {
      const server = await PythonServer.start(scene, { certificate });
      const client = await scene.start('gnutls-cli', gnutlsCliArguments(server.port));
      await gnutlsCliConnected(client);
      client.write(request('/before?id=0', server.port));
      const port = await server.clientPort('/before?id=0');
      await until('the client has the answer', () => client.stdout.includes('/before'));
      const capture = await attach(scene, ['--pid', client.pid]);
      client.write(request('/after?id=1', server.port));
      expect(await tlsFlows(capture, 1)).toMatchObject([
        { tls: true, role: 'client', source: { port }, request: { target: '/after?id=1' }, complete: true },
      ]);
    });
  });

  test('in gnutls-serv is read, also on a connection that was open before', async () => {
    const { program, port } = await startServer();
    const early = await scene.start('gnutls-cli', gnutlsCliArguments(port));
    await gnutlsCliConnected(early);
    const capture = await attach(scene, ['--pid', program.pid]);
    early.write(request('/early', port));
    await capture.flowCount(1);
    const late = await scene.run('curl', ['-sk', `https://127.0.0.1:${port}/late`, '--write-out', '\n%{local_port}']);
    expect(late.status).toBe(0);
    const clientPort = Number(late.stdout.split('\n').at(-1));
    expect(await capture.flowCount(2)).toMatchObject([
      { tls: true, role: 'server', destination: { port }, request: { target: '/early' }, response: { status: 200 } },
      {
        tls: true,
        role: 'server',
        source: { address: '127.0.0.1', port: clientPort },
        destination: { port },
        process: { pid: program.pid, comm: 'gnutls-serv' },
        request: { target: '/late' },
        response: { status: 200 },
      },
    ]);
  });
});
