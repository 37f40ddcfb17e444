// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, endedChildrenCpuSeconds, TICKS_PER_SECOND } from './process-usage.js';

const QUIET_CORES = 0.15;
const QUIET_MS = 500;

/** Processor time that all programs together have used, and that the hypervisor has taken. */
function busySeconds(): number {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .slice(0, 200)
    .split(/\s+/)
    .slice(1, 9)
    .map(Number);
  const ticks = [user, nice, system, irq, softirq, steal].map((value) => value ?? 0);
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_PER_SECOND;
}

/** Waits until the machine has little else to do, but no longer than `limitMs`. */
export async function untilQuiet(limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const before = busySeconds();
    await sleep(QUIET_MS);
    if ((busySeconds() - before) / (QUIET_MS / 1000) < QUIET_CORES) return;
  }
}

/**
 * What the machine does besides: on one that others use, a run says little while they are at work.
 *
 * @param pids processes of the benchmark, in addition to itself and to children that end before the answer is asked for.
 * @returns a function that gives the processor time of everything else since then, in cores.
 */
export function watchOthers(pids: readonly number[]): () => number {
  const own = () => [process.pid, ...pids].reduce((sum, pid) => sum + cpuSeconds(pid), endedChildrenCpuSeconds());
  const [startMs, busyBefore, ownBefore] = [performance.now(), busySeconds(), own()];
  return () => {
    const seconds = (performance.now() - startMs) / 1000;
    const others = busySeconds() - busyBefore - (own() - ownBefore);
    return Math.min(Math.max(others / seconds, 0), availableParallelism());
  };
}
