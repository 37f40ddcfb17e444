// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { targets } from './support/flow.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer, python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();

describeLive('descriptors', ['curl'], () => {
  test('that get another socket while a thread reads from the old one: bytes stay with the old connection', async () => {
    const server = await PythonServer.start(scene);
    const { status, stdout, flows } = await run(scene, [python, pythonScript('descriptor_reuse'), String(server.port)]);
    expect(status).toBe(0);
    const { ports, answers } = JSON.parse(stdout) as Record<
      'ports' | 'answers',
      { readonly old: unknown; readonly new: unknown }
    >;
    // The program itself got them so.
    expect(answers.old).toMatch(/\nid=old target=\/slow/);
    expect(answers.new).toMatch(/\nid=new target=\/echo/);
    expect(flows).toHaveLength(2);
    for (const [id, target] of [
      ['old', '/slow?ms=400&id=old'],
      ['new', '/echo?id=new'],
    ] as const) {
      expect(flows.find((flow) => flow.request?.target === target)).toMatchObject({
        role: 'client',
        source: { address: '127.0.0.1', port: ports[id] },
        destination: { address: '127.0.0.1', port: server.port },
        response: { status: 200, body: { text: expect.stringMatching(`^id=${id} `) } },
        complete: true,
      });
    }
  });

  test.each([
    ['are duplicated', 'dup'],
    ['are inherited by a child', 'fork'],
    ['are passed to another process in a message', 'message'],
  ])('that %s: one connection, with its addresses, role and every request', async (_, how) => {
    const server = await scene.start(python, [pythonScript('descriptor_passing'), how]);
    const port = Number(await server.line());
    const capture = await attach(scene, ['--pid', server.pid]);
    const url = `http://127.0.0.1:${port}`;
    const ports: number[] = [];
    for (const round of [1, 2, 3]) {
      const curl = [
        '-s',
        '-w',
        '%{local_port}\n',
        '-o',
        '/dev/null',
        `${url}/${round}/a`,
        '-o',
        '/dev/null',
        `${url}/${round}/b`,
      ];
      const { status, stdout } = await scene.run('curl', curl);
      expect(status).toBe(0);
      ports.push(Number(stdout.split('\n')[0]));
    }
    await capture.flowCount(6);
    const { flows, stats } = await capture.stop();

    expect(targets(flows)).toEqual(['/1/a', '/1/b', '/2/a', '/2/b', '/3/a', '/3/b']);
    for (const [index, flow] of flows.entries()) {
      expect(flow).toMatchObject({
        role: 'server',
        source: { address: '127.0.0.1', port: ports[Math.floor(index / 2)] },
        destination: { address: '127.0.0.1', port },
        response: { status: 200, body: { text: `pid=${flow.process.pid} target=${flow.request?.target}\n` } },
        complete: true,
      });
    }
    expect(new Set(flows.map((flow) => flow.connectionId)).size).toBe(3);
    if (how === 'message') expect(new Set(flows.map((flow) => flow.process.pid))).not.toContain(server.pid);
    // The two ends of the socket pair that carries the messages are connections too.
    expect(stats.connections).toBe(how === 'message' ? 5 : 3);
  });
});
