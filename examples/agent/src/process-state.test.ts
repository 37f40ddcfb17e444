// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processesEnd, processName, requireProcess } from './process-state.js';

const isLinux = process.platform === 'linux';

describe('requireProcess', () => {
  it('accepts a process that is there and refuses one that is not', () => {
    expect(() => requireProcess(process.pid)).not.toThrow();
    expect(() => requireProcess(999_999_999)).toThrow('there is no process 999999999; find one with pgrep or ps.');
  });

  it.runIf(isLinux)('refuses a thread id and names its process (Linux only)', () => {
    const thread = readdirSync('/proc/self/task')
      .map(Number)
      .find((tid) => tid !== process.pid);
    expect(() => requireProcess(thread ?? 0)).toThrow(`give --pid ${process.pid}.`);
  });
});

describe.runIf(isLinux)('processesEnd (Linux only)', () => {
  it('waits for the last of them', async () => {
    const [first, last] = [spawn('sleep', ['0.05']), spawn('sleep', ['0.4'])];
    const pids = [first, last].map(({ pid }) => pid ?? 0);
    await processesEnd(pids, new AbortController().signal);
    await Promise.all([first, last].map((child) => child.exitCode ?? once(child, 'exit')));
    expect(last.exitCode).toBe(0);
  });

  it('counts a zombie as ended', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(parent.stdout, 'data');
    const patience = AbortSignal.timeout(4000);
    await processesEnd([Number(line)], patience);
    expect(patience.aborted).toBe(false);
    expect(parent.exitCode).toBeNull();
    parent.kill();
  });

  it('gives up at once when told to', async () => {
    const stop = new AbortController();
    const wait = processesEnd([process.pid], stop.signal);
    stop.abort();
    await expect(wait).resolves.toBeUndefined();
  });
});

it.runIf(isLinux)('names a process as ps does (Linux only)', () => {
  expect(processName(process.pid)).not.toBe('');
  expect(processName(999_999_999)).toBe('');
});
