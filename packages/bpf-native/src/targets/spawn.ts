// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, type SpawnOptions as NodeSpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeSession } from '../records/native-binding.js';

/** A subset of `child_process.spawn`'s options with the same meaning. */
export type SpawnOptions = Pick<NodeSpawnOptions, 'stdio' | 'env' | 'cwd' | 'uid' | 'gid'>;

/** How long a started command may take to be seen as held at its first instruction. */
const HOLD_TIMEOUT_MS = 2000;

/** The stop signal may come a moment after exec has returned to the parent. */
async function waitUntilHeld(pid: number): Promise<boolean> {
  for (const end = Date.now() + HOLD_TIMEOUT_MS; Date.now() < end; await sleep(1)) {
    let stat: string;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    } catch {
      return false;
    }
    const state = stat.at(stat.lastIndexOf(')') + 2);
    if (state === 'T') return true;
    if (state === 'Z' || state === 'X') return false;
  }
  return false;
}

/**
 * Starts a command as a member of a target. The kernel side makes the child a target when it is forked and stops it when
 * it has executed the command, before its first instruction; `prepare` runs while it is held.
 */
export async function spawnHeld(
  session: NativeSession,
  ownPid: number,
  target: number,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  prepare: (pid: number) => Promise<void>,
): Promise<ChildProcess> {
  // spawn() forks and waits for exec before it returns: no other child can slip in between.
  session.setSpawn(ownPid, target);
  let child: ChildProcess;
  try {
    child = spawn(command, args, { stdio: 'inherit', ...options });
  } finally {
    session.setSpawn(0, 0);
  }
  const { pid } = child;
  if (pid === undefined) {
    return new Promise((_, reject) => child.once('error', reject));
  }
  if (await waitUntilHeld(pid)) {
    try {
      await prepare(pid);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }
  return child;
}
