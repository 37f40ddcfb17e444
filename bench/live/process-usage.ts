// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** Clock ticks per second in /proc: USER_HZ, which is 100 on every architecture that Flowtap runs on (proc(5)). */
export const TICKS_PER_SECOND = 100;

/** Processor time that a process has used in user and kernel mode, over all its threads. */
export function cpuSeconds(pid: number): number {
  const [utime, stime] = [11, 12].map((index) => Number(statFields(pid)[index]));
  return ((utime ?? Number.NaN) + (stime ?? Number.NaN)) / TICKS_PER_SECOND;
}

/** The same for all children of this process that have ended, and theirs. */
export function endedChildrenCpuSeconds(): number {
  const [cutime, cstime] = [13, 14].map((index) => Number(statFields(process.pid)[index]));
  return ((cutime ?? Number.NaN) + (cstime ?? Number.NaN)) / TICKS_PER_SECOND;
}

/** The most memory that was resident at any time; the kernel keeps it, so that nobody has to wake up and look. */
export function peakResidentBytes(pid: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}

/** Children of a process that has one thread. */
export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Fields of /proc/<pid>/stat from the third one on: the second, the name, may hold spaces and brackets. */
function statFields(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
