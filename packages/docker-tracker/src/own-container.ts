// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/**
 * The container that this process runs in. Engines mount files of each container, such as its /etc/hosts, from a directory
 * that has its id; unlike the path of the own cgroup, this is seen in a cgroup namespace too.
 */
export function ownContainerId(): string | undefined {
  try {
    const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
    return /\/(?:overlay-)?containers\/([0-9a-f]{64})\//.exec(mounts)?.[1];
  } catch {
    return undefined; // not on Linux
  }
}

/** Ids of the containers that a process runs in, by the names of its cgroups, outermost first. */
export function containerIdsOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/cgroup`, 'latin1');
    return [...new Set(text.match(/(?<!conmon-)(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g))];
  } catch {
    return []; // the process is gone
  }
}
