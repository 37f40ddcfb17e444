// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { targets } from './support/flow.js';
import { attach, startRun } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const scene = useScene();
const certificate = useCertificate();

describeLive('the end of a capture', ['curl', 'openssl'], () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s brings out every flow, also one without its response',
    async (signal) => {
      const server = await PythonServer.start(scene, { certificate });
      const capture = await attach(scene, ['--pid', server.pid, '--output', `har:${scene.path('end.har')}`]);
      const urls = [server.url('/echo?id=[1-200]'), server.url('/slow?ms=20000&id=unanswered')];
      await scene.start('curl', ['-sk', '-o', '/dev/null', ...urls]);
      // All 200 are answered; most of them are on their way through flowtap at this moment.
      await until('the server has answered', () => server.requests().length === 200);
      const started = performance.now();
      const { status, flows, stats } = await capture.stop(signal);
      expect(performance.now() - started).toBeLessThan(5000);

      expect(status).toBe(0);
      expect(targets(flows.filter((flow) => flow.complete))).toEqual(
        Array.from({ length: 200 }, (_, i) => `/echo?id=${i + 1}`),
      );
      const unanswered = flows.filter((flow) => !flow.complete);
      for (const flow of unanswered) {
        expect(flow).toMatchObject({
          request: { target: '/slow?ms=20000&id=unanswered' },
          error: { code: expect.any(String) },
        });
        expect(flow).not.toHaveProperty('response');
      }
      for (const exporter of stats.exporters)
        expect(exporter).toMatchObject({ exported: flows.length, failed: 0, queued: 0 });
      expect(statSync(scene.path('end.har')).mode & 0o777).toBe(0o600);
    },
  );

  test('shows a request that was never answered, with the reason', async () => {
    const server = await PythonServer.start(scene);
    const capture = await attach(scene, ['--pid', server.pid]);
    const client = await scene.start('curl', ['-sv', server.url('/slow?ms=20000&id=unanswered')]);
    await client.says('> GET /slow');
    await scene.run('curl', ['-s', server.url('/echo?id=1')]);
    await capture.flowCount(1);
    const { flows } = await capture.stop();
    expect(targets(flows)).toEqual(['/echo?id=1', '/slow?ms=20000&id=unanswered']);
    expect(flows[1]).toMatchObject({
      complete: false,
      error: { code: expect.any(String), message: expect.any(String) },
    });
    expect(flows[1]).not.toHaveProperty('response');
  });

  test('comes by --duration with attach, and the process goes on', async () => {
    const server = await PythonServer.start(scene);
    const started = performance.now();
    const capture = await attach(scene, ['--pid', server.pid, '--duration', '1.5']);
    await scene.run('curl', ['-s', server.url('/echo?id=1')]);
    const { status, flows } = await capture.end();
    expect(status).toBe(0);
    expect(performance.now() - started).toBeGreaterThan(1500);
    expect(targets(flows)).toEqual(['/echo?id=1']);
    expect(server.program.isRunning).toBe(true);
  });

  test('by --duration with run leaves the command its time and its status', async () => {
    const server = await PythonServer.start(scene);
    const script = `curl -s -o /dev/null '${server.url('/echo?id=1')}'; sleep 2; curl -s '${server.url('/echo?id=2')}'; exit 9`;
    const capture = await startRun(scene, ['sh', '-c', script], ['--duration', '1']);
    const { status, stdout, flows } = await capture.end();
    expect(status).toBe(9);
    expect(stdout).toMatch(/^id=2 /);
    expect(targets(flows)).toEqual(['/echo?id=1']);
  });

  test('of a command waits for the flows of what it leaves running for a moment only', async () => {
    const server = await PythonServer.start(scene);
    const script = `sleep 30 >/dev/null 2>&1 & curl -s '${server.url('/echo?id=1')}'`;
    const started = performance.now();
    const { status, flows } = await (await startRun(scene, ['sh', '-c', script])).end();
    expect(status).toBe(0);
    expect(targets(flows)).toEqual(['/echo?id=1']);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
