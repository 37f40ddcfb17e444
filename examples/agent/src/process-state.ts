// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { FlowtapError } from '@flowtap/core';

const POLL_INTERVAL_MS = 250;

/** @throws FlowtapError when there is no such process. */
export function requireProcess(pid: number): void {
  if (!exists(pid)) {
    throw new FlowtapError('NO_SUCH_PROCESS', `there is no process ${pid};`, { hint: 'find one with pgrep or ps.' });
  }
  const leader = threadGroup(pid);
  if (leader !== undefined && leader !== pid) {
    throw new FlowtapError('NO_SUCH_PROCESS', `${pid} is a thread of process ${leader};`, {
      hint: `give --pid ${leader}.`,
    });
  }
}

/** Name of the process as ps shows it; empty where it cannot be read. */
export function processName(pid: number): string {
  return read(pid, 'comm')?.trimEnd() ?? '';
}

/** Resolves when all these processes have ended, or when the signal aborts. */
export async function processesEnd(pids: readonly number[], signal: AbortSignal): Promise<void> {
  let left = pids.map((pid) => ({ pid, startTime: startTime(pid) }));
  while (left.length > 0 && !signal.aborted) {
    await delay(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    // Another start time: the id belongs to a new process.
    left = left.filter(({ pid, startTime: before }) => before !== undefined && startTime(pid) === before);
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function threadGroup(pid: number): number | undefined {
  const line = /^Tgid:\s*(\d+)$/m.exec(read(pid, 'status') ?? '');
  return line === null ? undefined : Number(line[1]);
}

/** Clock ticks since boot (field 22 of proc(5) stat); undefined when the process is gone or a zombie. */
function startTime(pid: number): string | undefined {
  const stat = read(pid, 'stat');
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
