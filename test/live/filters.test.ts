// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { targets } from './support/flow.js';
import { type CaptureEnd, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();

async function runWith(options: readonly string[]): Promise<CaptureEnd> {
  const server = await PythonServer.start(scene);
  const local = server.url('').replace('127.0.0.1', 'localhost');
  const script = [
    `curl -s -4 '${local}/ok?id=1'`,
    `curl -s '${server.url('/missing?id=2&status=404')}'`,
    `curl -s -d x '${server.url('/made?id=3&status=201')}'`,
    `curl -s -X DELETE '${server.url('/failed?id=4&status=503')}'`,
  ];
  return run(scene, ['sh', '-c', script.join('\n')], options);
}

describeLive('filters show only', ['curl'], () => {
  test.each([
    [['--host', 'localhost'], ['/ok?id=1']],
    [['--status', '404'], ['/missing?id=2&status=404']],
    [
      ['--status', '4xx,5xx'],
      ['/missing?id=2&status=404', '/failed?id=4&status=503'],
    ],
    [
      ['--status', '200-299'],
      ['/ok?id=1', '/made?id=3&status=201'],
    ],
    [
      ['--method', 'POST', '--method', 'delete'],
      ['/made?id=3&status=201', '/failed?id=4&status=503'],
    ],
    [['--host', '127.0.0.1', '--status', '2xx'], ['/made?id=3&status=201']],
    [
      ['--path', '/m*'],
      ['/missing?id=2&status=404', '/made?id=3&status=201'],
    ],
    [['--process', 'curl', '--port', '1'], []],
    [['--host', 'example.org'], []],
  ] as const)('%j', async (options, shown) => {
    const { flows, stats } = await runWith(options);
    expect(targets(flows)).toEqual(shown);
    expect(stats).toMatchObject({ flows: shown.length, filteredFlows: 4 - shown.length });
  });
});
