// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { targets } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import type { Program } from './support/program.js';
import { PythonServer, python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();

/** A client with one connection, which it has used already. */
async function connectedClient(url: string): Promise<Program> {
  const client = await scene.start(python, [pythonScript('client')]);
  client.write(`GET ${url}\n`);
  expect(JSON.parse(await client.line(0))).toMatchObject({ status: 200 });
  return client;
}

async function request(client: Program, url: string, index: number): Promise<{ readonly text: string }> {
  client.write(`GET ${url}\n`);
  return JSON.parse(await client.line(index)) as { readonly text: string };
}

describeLive(
  'a keep-alive connection that was open before the capture',
  ['openssl', 'python:requests', 'nginx'],
  () => {
    describe.each(schemes)('over %s', (scheme, tls) => {
      test('is understood from its next request on at a server with a thread that waits for it', async () => {
        const server = await PythonServer.start(scene, tls ? { certificate } : {});
        const client = await connectedClient(server.url('/before?id=0'));
        const capture = await attach(scene, ['--pid', server.pid]);
        const answers: string[] = [];
        for (const id of [1, 2, 3]) answers.push((await request(client, server.url(`/after?id=${id}`), id)).text);
        const flows = await capture.flowCount(3);

        const port = await server.clientPort('/before?id=0');
        for (const [index, flow] of flows.entries()) {
          expect(flow).toMatchObject({
            scheme,
            tls,
            role: 'server',
            source: { address: '127.0.0.1', port },
            destination: { address: '127.0.0.1', port: server.port },
            process: { pid: server.pid, exe: expect.stringContaining('python3') },
            response: { status: 200, body: { text: answers[index] } },
          });
        }
        const [first, ...others] = flows;
        expect(targets(others)).toEqual(['/after?id=2', '/after?id=3']);
        for (const flow of others) expect(flow.complete).toBe(true);
        if (tls) {
          // The thread is inside SSL_read since before there was a probe: that one call cannot be seen, and the flow says so.
          expect(first).not.toHaveProperty('request');
          expect(first).toMatchObject({ complete: false, error: { code: expect.any(String) } });
        } else {
          expect(first).toMatchObject({ request: { target: '/after?id=1' }, complete: true });
        }
      });

      test('is complete from its next request on at the client', async () => {
        const server = await PythonServer.start(scene, tls ? { certificate } : {});
        const client = await connectedClient(server.url('/before?id=0'));
        const capture = await attach(scene, ['--pid', client.pid]);
        for (const id of [1, 2, 3]) await request(client, server.url(`/after?id=${id}`), id);
        const flows = await capture.flowCount(3);

        expect(targets(flows)).toEqual(['/after?id=1', '/after?id=2', '/after?id=3']);
        const port = await server.clientPort('/before?id=0');
        for (const flow of flows) {
          expect(flow).toMatchObject({
            scheme,
            tls,
            role: 'client',
            source: { address: '127.0.0.1', port },
            destination: { address: '127.0.0.1', port: server.port },
            process: { pid: client.pid },
            complete: true,
          });
        }
      });

      test('is complete from its next request on at nginx', async () => {
        const nginx = await Nginx.start(scene, tls ? { certificate } : {});
        const client = await connectedClient(nginx.url('/echo?id=0'));
        const capture = await attach(scene, ['--pid', nginx.pid]);
        for (const id of [1, 2]) await request(client, nginx.url(`/echo?id=${id}`), id);
        const { port } = await nginx.request('/echo?id=0');
        expect(await capture.flowCount(2)).toMatchObject([
          { tls, role: 'server', source: { port }, request: { target: '/echo?id=1' }, complete: true },
          { tls, role: 'server', source: { port }, request: { target: '/echo?id=2' }, complete: true },
        ]);
      });

      test('whose request was under way is understood from the next one on at the latest', async () => {
        const server = await PythonServer.start(scene, tls ? { certificate } : {});
        const client = await connectedClient(server.url('/before?id=0'));
        const pending = request(client, server.url('/slow?ms=3000&id=1'), 1);
        const capture = await attach(scene, ['--pid', server.pid]);
        await pending;
        await request(client, server.url('/after?id=2'), 2);
        await request(client, server.url('/after?id=3'), 3);
        const { flows } = await capture.stop();
        const complete = flows.filter((flow) => flow.complete);
        expect(targets(complete)).toEqual(['/after?id=2', '/after?id=3']);
        // The request itself was not seen: nothing may pretend that it was.
        for (const flow of flows) expect(flow.request?.target).not.toBe('/slow?ms=3000&id=1');
      });
    });
  },
);
