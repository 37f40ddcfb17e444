// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TargetError } from '../errors.js';

/** A cgroup as the kernel names it: ids are unique within a hierarchy only. */
export interface CgroupId {
  readonly id: bigint;
  /** 0: cgroup v2. */
  readonly hierarchy: number;
  readonly path: string;
}

interface CgroupMount {
  readonly mountPoint: string;
  readonly isV2: boolean;
  /** v1: controllers, or `name=…` of a hierarchy without one. */
  readonly options: readonly string[];
}

function cgroupMounts(): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    // proc_pid_mountinfo(5): … mount-point options … - type source super-options
    const [before, after] = line.split(' - ');
    const [type, , options] = after?.split(' ') ?? [];
    const mountPoint = before?.split(' ')[4];
    if (mountPoint && (type === 'cgroup' || type === 'cgroup2')) {
      mounts.push({ mountPoint, isV2: type === 'cgroup2', options: options?.split(',') ?? [] });
    }
  }
  return mounts;
}

/** Where a process is in one hierarchy. */
export interface CgroupPath {
  readonly hierarchy: number;
  /** Empty for version 2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** proc_pid_cgroup(5): `hierarchy-id:controllers:path`. Empty when the process is gone. */
export function cgroupPathsOf(pid: number | 'self'): readonly CgroupPath[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return [];
  }
  return [...text.matchAll(/^(\d+):([^:]*):(.*)$/gm)].map(([, id, controllers = '', path = '']) => ({
    hierarchy: Number(id),
    controllers: controllers === '' ? [] : controllers.split(','),
    path,
  }));
}

function hierarchyOf(mount: CgroupMount): number | undefined {
  if (mount.isV2) return 0;
  const isMounted = (name: string) => mount.options.includes(name);
  return cgroupPathsOf('self').find(({ controllers }) => controllers.some(isMounted))?.hierarchy;
}

/** Every hierarchy that is mounted. */
export function cgroupHierarchies(): readonly (CgroupMount & { readonly hierarchy: number })[] {
  return cgroupMounts().flatMap((mount) => {
    const hierarchy = hierarchyOf(mount);
    return hierarchy === undefined ? [] : [{ ...mount, hierarchy }];
  });
}

/** A cgroup by its path from the root of its hierarchy. Undefined when there is none. */
export function cgroupIn(hierarchy: number, path: string): CgroupId | undefined {
  for (const mount of cgroupHierarchies()) {
    if (mount.hierarchy !== hierarchy) continue;
    const directory = join(mount.mountPoint, path);
    const stats = statSync(directory, { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined) return { id: stats.ino, hierarchy, path: directory };
  }
  return undefined;
}

/** @throws TargetError */
export function resolveCgroup(path: string): CgroupId {
  const mounts = cgroupMounts();
  // `/system.slice/x.service`, as other tools print it, is meant from the root of a hierarchy.
  const candidates = [path, ...mounts.map((mount) => join(mount.mountPoint, path))];
  for (const candidate of candidates) {
    let real: string;
    try {
      real = realpathSync(candidate);
    } catch {
      continue;
    }
    const mount = mounts
      .filter(({ mountPoint }) => real === mountPoint || real.startsWith(`${mountPoint}/`))
      .sort((a, b) => b.mountPoint.length - a.mountPoint.length)[0];
    const hierarchy = mount && hierarchyOf(mount);
    // The id of a cgroup is the inode number of its directory (kernfs).
    if (hierarchy !== undefined) return { id: statSync(real, { bigint: true }).ino, hierarchy, path: real };
  }
  throw new TargetError('TARGET_NOT_FOUND', `There is no cgroup "${path}".`, {
    hint: 'Give a directory below /sys/fs/cgroup, or its path from the root of the hierarchy.',
  });
}

/** Processes in a cgroup and in those below it, now. */
export function cgroupProcesses(path: string): number[] {
  const pids: number[] = [];
  try {
    const content = readFileSync(join(path, 'cgroup.procs'), 'latin1');
    for (const line of content.split('\n')) if (line !== '') pids.push(Number(line));
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) pids.push(...cgroupProcesses(join(path, entry.name)));
    }
  } catch {
    // The cgroup went away between two steps: it has no processes any more.
  }
  return pids;
}
