// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { header } from './support/flow.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();

describeLive('an AF_UNIX socket', ['curl', 'nginx'], () => {
  test('between nginx and an application server is shown on both sides, beside the TCP connection', async () => {
    const path = scene.path('application.sock');
    const application = await PythonServer.start(scene, { unix: path });
    const nginx = await Nginx.start(scene, {
      locations: `location /app { proxy_pass http://unix:${path}:; proxy_http_version 1.1; proxy_set_header Connection ""; }`,
    });
    const capture = await attach(scene, ['--pid', nginx.pid, '--pid', application.pid]);
    for (const id of [1, 2, 3]) {
      expect(await scene.run('curl', ['-s', nginx.url(`/app?id=${id}`)])).toMatchObject({ status: 0 });
    }
    await capture.flowCount(9);
    const { flows } = await capture.stop();
    expect(flows).toHaveLength(9);

    for (const id of ['1', '2', '3']) {
      const own = flows.filter((flow) => header(flow.response, 'x-id') === id);
      for (const flow of own)
        expect(flow).toMatchObject({ request: { target: `/app?id=${id}` }, complete: true, tls: false });
      const { port } = await nginx.request(`/app?id=${id}`);
      const [toClient, upstream, ofApplication] = [
        own.find((flow) => flow.process.comm === 'nginx' && flow.role === 'server'),
        own.find((flow) => flow.process.comm === 'nginx' && flow.role === 'client'),
        own.find((flow) => flow.process.pid === application.pid),
      ];
      expect(toClient).toMatchObject({ source: { port }, destination: { address: '127.0.0.1', port: nginx.port } });
      expect(upstream, JSON.stringify(own)).toMatchObject({ destination: { path } });
      expect(ofApplication).toMatchObject({ role: 'server', destination: { path } });
    }
  });

  test('of a command shows its path', async () => {
    const path = scene.path('server.sock');
    await PythonServer.start(scene, { unix: path });
    const { stdout, flows } = await run(scene, ['curl', '-s', '--unix-socket', path, 'http://localhost/version?id=1']);
    expect(flows).toMatchObject([
      {
        role: 'client',
        scheme: 'http',
        destination: { path },
        request: { target: '/version?id=1', authority: 'localhost' },
        response: { status: 200, body: { text: stdout } },
        complete: true,
      },
    ]);
  });

  test('in the abstract namespace is shown with an @', async () => {
    await PythonServer.start(scene, { unix: '@flowtap-live-test' });
    const options = ['--abstract-unix-socket', 'flowtap-live-test'];
    const { status, flows } = await run(scene, ['curl', '-s', ...options, 'http://localhost/abstract?id=1']);
    expect(status).toBe(0);
    expect(flows).toMatchObject([{ destination: { path: '@flowtap-live-test' }, complete: true }]);
  });
});
