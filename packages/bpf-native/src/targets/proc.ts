// SPDX-License-Identifier: Apache-2.0
import { openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** An executable mapping of a file, from /proc/pid/maps (proc_pid_maps(5)). */
export interface FileMapping {
  /** Hexadecimal `start-end`, as /proc/pid/map_files names it. */
  readonly range: string;
  readonly inode: string;
  /** As the process sees it. */
  readonly path: string;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined; // the process is gone
  }
}

/** The first of these files that can be opened. */
export function openFirst(candidates: readonly string[]): number | undefined {
  for (const candidate of candidates) {
    try {
      return openSync(candidate, 'r');
    } catch {
      // Gone or not allowed: the next name may do.
    }
  }
  return undefined;
}

/**
 * map_files leads to the very inode, also when the file was deleted or replaced; the path through the process's root is
 * for kernels and capabilities that refuse it.
 */
export function openMapping(pid: number, { range, path }: FileMapping): number | undefined {
  return openFirst([`/proc/${pid}/map_files/${range}`, `/proc/${pid}/root${path}`]);
}

export function processExists(pid: number): boolean {
  return readText(`/proc/${pid}/stat`) !== undefined;
}

export function readComm(pid: number): string | undefined {
  return readText(`/proc/${pid}/comm`)?.trimEnd();
}

export function readExe(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}

/** Parent of every process. */
function readParents(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = readText(`/proc/${pid}/stat`);
    // The name in parentheses may contain anything: fields are counted from its end (proc_pid_stat(5)).
    if (stat) parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  return parents;
}

/** A process and everything that descends from it, by parent ids as they are now. */
export function processTree(root: number): Set<number> {
  const parents = readParents();
  const tree = new Set<number>();
  if (!parents.has(root)) return tree;
  tree.add(root);
  for (let before = 0; before !== tree.size; ) {
    before = tree.size;
    for (const [pid, parent] of parents) if (tree.has(parent)) tree.add(pid);
  }
  return tree;
}

/** One mapping of each file. */
export function distinctMappings(pid: number): FileMapping[] {
  const byPath = new Map<string, FileMapping>();
  for (const mapping of executableMappings(pid)) if (!byPath.has(mapping.path)) byPath.set(mapping.path, mapping);
  return [...byPath.values()];
}

export function executableMappings(pid: number): FileMapping[] {
  const mappings: FileMapping[] = [];
  for (const line of readText(`/proc/${pid}/maps`)?.split('\n') ?? []) {
    // range perms offset device inode path
    const match = /^(\S+) ..x. \S+ \S+ (\d+)\s+(\/.*)$/.exec(line);
    if (match?.[1] && match[2] && match[3] && match[2] !== '0') {
      mappings.push({ range: match[1].replace(/\b0+(?=[0-9a-f])/g, ''), inode: match[2], path: match[3] });
    }
  }
  return mappings;
}
