// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, targets } from './support/flow.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();

function ids(path: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${path}?id=${index + 1}`);
}

async function requestEach(server: PythonServer, wanted: readonly string[]): Promise<void> {
  for (const target of wanted)
    expect(await scene.run('curl', ['-sk', server.url(target)])).toMatchObject({ status: 0 });
}

/** Each flow is as the server's own log has the request. */
function expectServed(flows: readonly Flow[], server: PythonServer, tls: boolean): void {
  const served = server.requests();
  for (const flow of flows) {
    const request = served.find(({ target }) => target === flow.request?.target);
    expect(flow).toMatchObject({
      tls,
      role: 'server',
      source: { port: request?.client?.[1] },
      destination: { port: server.port },
      process: { pid: request?.pid },
      complete: true,
    });
  }
}

describeLive('a server that forks', ['curl', 'openssl'], () => {
  describe.each(schemes)('over %s', (_, tls) => {
    test('shows the requests of workers that were there before and that came later', async () => {
      const server = await PythonServer.start(scene, { mode: 'prefork', ...(tls ? { certificate } : {}) });
      const capture = await attach(scene, ['--pid', server.pid]);
      await requestEach(server, ids('/before', 10));
      server.program.signal('SIGUSR2');
      await server.program.line(2);
      server.program.signal('SIGUSR1');
      const { workers } = JSON.parse(await server.program.line(3)) as { readonly workers: readonly number[] };
      await requestEach(server, ids('/after', 10));

      const flows = await capture.flowCount(20);
      expect(targets(flows)).toEqual([...ids('/before', 10), ...ids('/after', 10)]);
      expectServed(flows, server, tls);
      expect(new Set(flows.slice(10).map((flow) => flow.process.pid))).toEqual(new Set(workers));
    });

    test('for each connection shows each request, although another process accepted it', async () => {
      const server = await PythonServer.start(scene, { mode: 'fork', ...(tls ? { certificate } : {}) });
      const capture = await attach(scene, ['--pid', server.pid]);
      const wanted = ids('/forked', 20);
      await requestEach(server, wanted);
      const flows = await capture.flowCount(20);
      expect([...targets(flows)].sort()).toEqual([...wanted].sort());
      expectServed(flows, server, tls);
      expect(new Set(flows.map((flow) => flow.process.pid)).size).toBe(20);
    });
  });
});

describeLive('targets', ['curl', 'openssl'], () => {
  test('are shown apart when there are two, and a process that is no target never appears', async () => {
    const first = await PythonServer.start(scene);
    const second = await PythonServer.start(scene, { certificate });
    const bystander = await PythonServer.start(scene);
    const other = await PythonServer.start(scene, { certificate });
    const capture = await attach(scene, ['--pid', first.pid, '--pid', second.pid]);
    for (let id = 1; id <= 5; id++) {
      for (const server of [bystander, first, other, second]) {
        await scene.run('curl', ['-sk', server.url(`/echo?id=${id}`)]);
      }
    }
    await capture.flowCount(10);
    const { flows, stats } = await capture.stop();

    for (const [server, tls] of [
      [first, false],
      [second, true],
    ] as const) {
      const own = flows.filter((flow) => flow.process.pid === server.pid);
      expect(targets(own)).toEqual(ids('/echo', 5));
      for (const flow of own) expect(flow).toMatchObject({ tls, destination: { port: server.port }, complete: true });
    }
    expect(flows).toHaveLength(10);
    expect(new Set(flows.map((flow) => flow.process.pid))).toEqual(new Set([first.pid, second.pid]));
    // The four clients' and the two bystanders' connections were not even counted.
    expect(stats.connections).toBe(10);
  });

  test('given twice are shown once', async () => {
    const server = await PythonServer.start(scene);
    const capture = await attach(scene, ['--pid', server.pid, '--pid', server.pid]);
    await requestEach(server, ids('/once', 3));
    await capture.flowCount(3);
    expect(targets((await capture.stop()).flows)).toEqual(ids('/once', 3));
  });
});

describeLive('descendants', ['curl', 'openssl'], () => {
  test.each(schemes)('of a running shell: 100 short-lived curls over %s', async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const shell = await scene.start('sh', ['-s']);
    const capture = await attach(scene, ['--pid', shell.pid]);
    const wanted = ids('/short', 100);
    for (const target of wanted) shell.write(`curl -sk '${server.url(target)}'\n`);
    shell.closeInput();
    const { status, stdout } = await shell.ended;
    expect(status).toBe(0);
    expect(stdout.split('\n')).toHaveLength(101);
    const { flows } = await capture.end();
    expect(targets(flows)).toEqual(wanted);
    for (const [index, flow] of flows.entries()) {
      expect(flow).toMatchObject({
        tls,
        role: 'client',
        source: { address: '127.0.0.1', port: await server.clientPort(wanted[index] as string) },
        destination: { address: '127.0.0.1', port: server.port },
        process: { comm: 'curl', exe: expect.stringMatching(/\/curl$/) },
        complete: true,
      });
      expect(flow.process.pid).not.toBe(shell.pid);
    }
  });

  test('of a command: grandchildren at the same time, also those that outlive their parent', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const curl = (id: string) => `curl -sk -o /dev/null '${server.url(`/deep?id=${id}`)}'`;
    const script = `(${curl('a')} & ${curl('b')} & wait) & sh -c "sh -c \\"${curl('c')}\\""; wait`;
    const { status, flows } = await run(scene, ['sh', '-c', script]);
    expect(status).toBe(0);
    expect([...targets(flows)].sort()).toEqual(['/deep?id=a', '/deep?id=b', '/deep?id=c']);
    for (const flow of flows) expect(flow).toMatchObject({ tls: true, process: { comm: 'curl' }, complete: true });
  });
});
