// SPDX-License-Identifier: Apache-2.0
import { executableMappings } from '../targets/proc.js';

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
  /** Targets of which a process has mapped it, with the last one that did. */
  readonly mappedBy: Map<number, number>;
  /** Targets whose dynamic linker knows it: the next command that they start may map it. */
  readonly knownTo: Set<number>;
}

/**
 * Whether any target still has a use for the file. Where one process of a target has mapped it and another one lives, as
 * a shell does, that one may start the next user at any time, which may live shorter than it takes to attach. Where only
 * the process itself is left its memory map counts, for it may have become another program.
 */
export function hasUsers(file: FileUsers, { processes, lasting }: LivingTargets): boolean {
  for (const target of file.knownTo) {
    if (!lasting.has(target) && !processes.has(target)) file.knownTo.delete(target);
  }
  for (const [target, mapper] of file.mappedBy) {
    const mayUseItAgain = lasting.has(target) || processes.get(target)?.some((pid) => pid !== mapper);
    if (!mayUseItAgain) file.mappedBy.delete(target);
  }
  if (file.knownTo.size + file.mappedBy.size > 0) return true;
  // A process may have changed hands, or share the file with its parent since it was forked.
  for (const [target, pids] of processes) {
    const mapper = pids.find((pid) => maps(pid, file));
    if (mapper === undefined) continue;
    file.mappedBy.set(target, mapper);
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
