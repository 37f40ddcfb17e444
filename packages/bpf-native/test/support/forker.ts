// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { Workshop } from './workshop.js';

/** Starts test/programs/forker.c: a process and, below it, one that forks without a pause. Ends with the test. */
export async function startForker(workshop: Workshop): Promise<{ readonly top: number; readonly forking: number }> {
  const child = spawn(workshop.program('forker.c'), { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const [top = 0, forking = 0] = line.split(' ').map(Number);
  return { top, forking };
}
