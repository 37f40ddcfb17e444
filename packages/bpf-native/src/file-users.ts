// SPDX-License-Identifier: Apache-2.0
import { executableMappings } from './proc.js';

/** Who is captured now. */
export interface LivingTargets {
  /** Processes of each target that has any. */
  readonly processes: ReadonlyMap<number, readonly number[]>;
  /** Targets that go on without a process: control groups, and commands that are about to start. */
  readonly lasting: ReadonlySet<number>;
}

/** A file whose functions are probed, and the targets that it is probed for. */
export interface FileUsers {
  /** As in a memory map. */
  readonly inode: string;
  readonly path: string;
  /** Targets of which a process has mapped it. */
  readonly mappedBy: Set<number>;
  /** Targets whose dynamic linker knows it: the next command that they start may map it. */
  readonly knownTo: Set<number>;
}

/**
 * Whether any target still has a use for the file. A target that consists of several processes may start the next one
 * that uses it at any time, and that one may live shorter than it takes to attach; of a target that is one process only
 * its memory map counts, for it may have become another program.
 */
export function hasUsers(file: FileUsers, { processes, lasting }: LivingTargets): boolean {
  for (const target of file.knownTo) {
    if (!lasting.has(target) && !processes.has(target)) file.knownTo.delete(target);
  }
  for (const target of file.mappedBy) {
    const mayUseItAgain = lasting.has(target) || (processes.get(target)?.length ?? 0) > 1;
    if (!mayUseItAgain) file.mappedBy.delete(target);
  }
  if (file.knownTo.size + file.mappedBy.size > 0) return true;
  // A process may have changed hands, or share the file with its parent since it was forked.
  for (const [target, pids] of processes) {
    if (!pids.some((pid) => maps(pid, file))) continue;
    file.mappedBy.add(target);
    return true;
  }
  return false;
}

/** By inode and name: device numbers of a memory map and of stat() differ on some file systems. */
function maps(pid: number, { inode, path }: FileUsers): boolean {
  return executableMappings(pid).some((mapping) => mapping.inode === inode && nameOf(mapping.path) === nameOf(path));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/ \(deleted\)$/, '');
}
