// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();

describeLive('IPv6', ['curl', 'openssl', 'nginx'], () => {
  test.each(schemes)('addresses and ports are right on both sides over %s', async (_, tls) => {
    const server = await PythonServer.start(scene, { host: '::1', ...(tls ? { certificate } : {}) });
    const capture = await attach(scene, ['--pid', server.pid]);
    const client = await run(scene, ['curl', '-gsk', server.url('/six?id=6')]);
    const flows = await capture.flowCount(1);
    const wanted = {
      tls,
      source: { address: '::1', port: await server.clientPort('/six?id=6') },
      destination: { address: '::1', port: server.port },
      request: { target: '/six?id=6' },
      complete: true,
    };
    expect(client.flows).toMatchObject([{ ...wanted, role: 'client' }]);
    expect(flows).toMatchObject([{ ...wanted, role: 'server' }]);
  });

  test.each(schemes)('is shown by nginx over %s', async (_, tls) => {
    const nginx = await Nginx.start(scene, { host: '::1', ...(tls ? { certificate } : {}) });
    const capture = await attach(scene, ['--pid', nginx.pid]);
    await scene.run('curl', ['-gsk', nginx.url('/echo?id=6')]);
    const { client, port } = await nginx.request('/echo?id=6');
    expect(await capture.flowCount(1)).toMatchObject([
      { role: 'server', source: { address: client, port }, destination: { address: '::1', port: nginx.port } },
    ]);
  });

  test('carrying IPv4 shows as IPv4', async () => {
    // A socket on :: takes IPv4 as ::ffff:127.0.0.1.
    const server = await PythonServer.start(scene, { host: '::' });
    const capture = await attach(scene, ['--pid', server.pid]);
    const url = `http://127.0.0.1:${server.port}/mapped?id=1`;
    expect(await scene.run('curl', ['-s', url])).toMatchObject({ status: 0 });
    expect(await capture.flowCount(1)).toMatchObject([
      {
        source: { address: '127.0.0.1', port: await server.clientPort('/mapped?id=1') },
        destination: { address: '127.0.0.1', port: server.port },
      },
    ]);
  });
});
