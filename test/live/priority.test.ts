// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { pin, processorsOf } from '../../packages/bpf-native/test/support/processors.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const scene = useScene();
/** sched(7) */
const SCHED_IDLE = 5;

/** proc_pid_stat(5), field 41, of the main thread; the name in field 2 may hold anything. */
function schedulingPolicy(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]);
}

describeLive('the processors', [], () => {
  test('are left to the captured programs while the command keeps up', async () => {
    const server = await PythonServer.start(scene);
    const capture = await attach(scene, ['--pid', server.pid]);
    let requests = 0;
    await until('the command gives way', async () => {
      await fetch(server.url(`/echo?id=${requests++}`)).then((response) => response.text());
      return schedulingPolicy(capture.program.pid) === SCHED_IDLE;
    });
    const { flows, stats } = await capture.stop();
    expect(flows).toHaveLength(requests);
    expect(stats).toMatchObject({ droppedEvents: 0 });
  });
});

describeLive('where there is a choice, the processor', ['taskset', 'processors:2'], () => {
  test('of a captured program is not one that the command runs on', async () => {
    const server = await PythonServer.start(scene);
    const processors = processorsOf(process.pid);
    const [one = 0, another = 1] = processors;
    const capture = await attach(scene, ['--pid', server.pid]);
    const command = capture.program.pid;
    expect(processorsOf(command)).toEqual(processors);
    const request = () => fetch(server.url('/echo')).then((response) => response.text());
    for (const processor of [one, another, one]) {
      pin(server.pid, processor);
      const others = processors.filter((other) => other !== processor);
      await until(`the command runs on all processors but ${processor}`, async () => {
        await request();
        return isDeepStrictEqual(processorsOf(command), others);
      });
    }
    // A choice that was made for it stays.
    pin(command, one);
    pin(server.pid, another);
    for (let i = 0; i < 20; i++) await request();
    expect(processorsOf(command)).toEqual([one]);
    const { stats } = await capture.stop();
    expect(stats).toMatchObject({ droppedEvents: 0 });
  });
});
