// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, parseJsonLines, targets } from './support/flow.js';
import { attach, startFlowtap } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';
import { until } from './support/until.js';

const scene = useScene();
const certificate = useCertificate();

describeLive('flowtap attach --pid <server>', ['curl', 'openssl'], () => {
  test.each(schemes)(
    'shows each request of other processes over %s on stdout, from the first one on',
    async (scheme, tls) => {
      const server = await PythonServer.start(scene, tls ? { certificate } : {});
      const ready = scene.path('ready');
      const args = ['attach', '--pid', String(server.pid), '--output', 'json', '--ready-file', ready];
      const program = await startFlowtap(scene, args);
      await program.says(`flowtap: capturing process ${server.pid} (python3)`);

      const wanted = Array.from({ length: 10 }, (_, index) => `/request?id=${index}`);
      for (const target of wanted)
        expect(await scene.run('curl', ['-sk', server.url(target)])).toMatchObject({ status: 0 });
      await until('all flows are printed', () => program.stdout.split('\n').length > wanted.length);
      const { status, stdout } = await program.stop('SIGINT');

      expect(status).toBe(0);
      const flows = parseJsonLines<Flow>(stdout);
      expect(targets(flows)).toEqual(wanted);
      for (const [index, flow] of flows.entries()) {
        expect(flow).toMatchObject({
          scheme,
          tls,
          role: 'server',
          source: { address: '127.0.0.1', port: await server.clientPort(`/request?id=${index}`) },
          destination: { address: '127.0.0.1', port: server.port },
          process: { pid: server.pid, comm: 'python3' },
          response: { status: 200, body: { text: expect.stringMatching(`^id=${index} `) } },
          complete: true,
        });
      }
    },
  );

  test('shows the requests for people on stdout when nothing else is asked for', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const program = await startFlowtap(scene, ['attach', '--pid', String(server.pid)]);
    await program.says('flowtap: capturing');
    await scene.run('curl', ['-sk', server.url('/people?id=7')]);
    await until('the flow is printed', () => program.stdout.includes('/people?id=7'));
    const { status, stdout } = await program.stop('SIGINT');
    expect(status).toBe(0);
    expect(stdout).toMatch(/GET .*\/people\?id=7/);
    expect(stdout).toContain('200');
  });

  test('ends with status 0 when the process ends', async () => {
    const server = await PythonServer.start(scene);
    const capture = await attach(scene, ['--pid', server.pid]);
    await scene.run('curl', ['-s', server.url('/last?id=1')]);
    await server.program.stop();
    const { status, flows } = await capture.end();
    expect(status).toBe(0);
    expect(targets(flows)).toEqual(['/last?id=1']);
  });
});
