// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';

/** A process with its descendants. */
export function* processTree(pid: number): Iterable<number> {
  yield pid;
  let threads: readonly string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return; // has ended
  }
  for (const thread of threads) {
    for (const child of childrenOf(pid, thread)) yield* processTree(child);
  }
}

function childrenOf(pid: number, thread: string): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // has ended
  }
}
