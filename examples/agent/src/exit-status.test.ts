// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { exitStatusOf } from './exit-status.js';

describe('exitStatusOf', () => {
  it.each([
    ['exit 0', 0],
    ['exit 37', 37],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ])('%s gives %i, as a shell does', async (script, status) => {
    expect(await exitStatusOf(spawn('sh', ['-c', script]))).toBe(status);
  });

  it('knows the status of a process that had ended before it was asked', async () => {
    const child = spawn('sh', ['-c', 'exit 3']);
    await once(child, 'exit');
    expect(await exitStatusOf(child)).toBe(3);
  });
});
