// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { describeCapture } from './support/needs.js';
import { pin, processorsOf } from './support/processors.js';
import { Recorder } from './support/recorder.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts');

const TIMES = 50;
/** A scheduler's tick is 1 to 10 ms long: whoever gets the processor keeps it until one has passed. */
const SHORTEST_TICK_MS = 1;

describeCapture('yieldProcessor()', () => {
  it('lets others run first once the source gives way, and before that does nothing', async () => {
    const [processor = 0] = processorsOf(process.pid);
    const recorder = await Recorder.start(workshop);
    pin(recorder.pid, processor);
    const script = 'process.stdout.write("busy"); for (;;);';
    const busy = spawn('taskset', ['--cpu-list', String(processor), process.execPath, '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void busy.kill('SIGKILL'));
    await once(busy.stdout, 'data');

    const before = await recorder.yieldProcessor(TIMES);
    expect(await recorder.giveWay()).toBe(true);
    const after = await recorder.yieldProcessor(TIMES);
    expect(after).toBeGreaterThan(TIMES * SHORTEST_TICK_MS * 0.8);
    expect(before).toBeLessThan(after / 4);
    await recorder.stop();
  });
});
