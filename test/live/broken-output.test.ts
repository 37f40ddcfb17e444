// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { type Flow, readJsonLines, targets } from './support/flow.js';
import { attach, cliPath, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const scene = useScene();

describeLive('an output that fails', ['curl'], () => {
  test('because the disk is full is reported once and counted, and the others go on', async () => {
    const server = await PythonServer.start(scene);
    const capture = await attach(scene, ['--pid', server.pid, '--output', 'jsonl:/dev/full']);
    for (const id of [1, 2, 3]) {
      await scene.run('curl', ['-s', server.url(`/echo?id=${id}`)]);
      await capture.flowCount(id);
    }
    const { status, stderr, flows, stats } = await capture.stop();
    expect(targets(flows)).toEqual(['/echo?id=1', '/echo?id=2', '/echo?id=3']);
    expect(stderr.match(/^flowtap: .*ENOSPC.*$/gm), stderr).toHaveLength(1);
    expect(stderr).not.toContain('unexpected');
    // Not everything could be written: the status says so.
    expect(status).toBe(1);
    const [whole, full] = stats.exporters;
    expect(whole).toMatchObject({ exported: 3, failed: 0, dropped: 0, queued: 0 });
    expect(full?.exported).toBe(0);
    expect((full?.failed ?? 0) + (full?.dropped ?? 0) + (full?.queued ?? 0)).toBe(3);
  });

  test('because the disk is full does not change the status of a command', async () => {
    const server = await PythonServer.start(scene);
    const command = ['sh', '-c', `curl -s '${server.url('/echo?id=1')}'; exit 5`];
    const { status, stdout, flows } = await run(scene, command, ['--output', 'jsonl:/dev/full']);
    expect(status).toBe(5);
    expect(stdout).toMatch(/^id=1 /);
    expect(targets(flows)).toEqual(['/echo?id=1']);
  });

  test('because its reader has seen enough, as head does, is reported and counted, and the others go on', async () => {
    const server = await PythonServer.start(scene);
    const capture = await attach(scene, ['--pid', server.pid, '--output', 'json']);
    await scene.run('curl', ['-s', server.url('/echo?id=1')]);
    expect(JSON.parse(await capture.program.line())).toMatchObject({ request: { target: '/echo?id=1' } });
    capture.program.closeOutput();
    for (const id of [2, 3]) {
      await scene.run('curl', ['-s', server.url(`/echo?id=${id}`)]);
      await capture.flowCount(id);
    }
    expect(capture.program.isRunning).toBe(true);
    const { status, stderr, flows, stats } = await capture.stop();
    expect(targets(flows)).toEqual(['/echo?id=1', '/echo?id=2', '/echo?id=3']);
    expect(stderr).toMatch(/^flowtap: .*(EPIPE|broken pipe|closed|reader).*$/im);
    expect(stderr).not.toContain('unexpected');
    expect(status).toBe(1);
    const [whole, closed] = stats.exporters;
    expect(whole).toMatchObject({ exported: 3, failed: 0, dropped: 0, queued: 0 });
    expect(closed?.exported).toBe(1);
    expect((closed?.failed ?? 0) + (closed?.dropped ?? 0) + (closed?.queued ?? 0)).toBe(2);
  });

  test('in a shell pipeline with head -1 leaves the rest of the pipeline alone', async () => {
    const server = await PythonServer.start(scene);
    const options = '--output json --output jsonl:flows.jsonl --duration 3';
    const script = `"$1" "$2" attach --pid "$3" ${options} | head -n 1`;
    const pipeline = await scene.start('sh', ['-c', script, 'sh', process.execPath, cliPath, String(server.pid)]);
    await pipeline.says('flowtap: capturing');
    for (const id of [1, 2, 3]) await scene.run('curl', ['-s', server.url(`/echo?id=${id}`)]);
    const { status, stdout } = await pipeline.ended;
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    await until('the file has all flows', () => readJsonLines<Flow>(scene.path('flows.jsonl')).length === 3);
  });
});
