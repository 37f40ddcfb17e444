// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupId, cgroupHierarchies, cgroupIn, cgroupPathsOf } from './cgroup.js';

const CONTAINER_ID = /^[0-9a-f]{64}$/;
/** Podman's monitor of a container has a cgroup of its own beside it. */
const CONTAINER_ID_IN_PATH = /(?<!conmon-)(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/** Controllers by one of which a container is told from others on version 1, in order of preference. */
const CONTROLLERS = ['memory', 'pids', 'cpu', 'devices', 'freezer'];

/** Looked at when a cgroup is searched for by its name. */
const MAX_SEARCHED_CGROUPS = 20_000;

export function isContainerId(text: string): boolean {
  return CONTAINER_ID.test(text);
}

/**
 * What the last part of the path of a container's cgroup may be: runc's and crun's own driver names it by the id (Podman
 * puts its name in front); systemd's makes a scope with the name of the engine.
 */
export function cgroupNamesOf(containerId: string): readonly string[] {
  const scopes = ['docker', 'libpod', 'cri-containerd', 'crio'].map((engine) => `${engine}-${containerId}.scope`);
  return [containerId, `libpod-${containerId}`, ...scopes];
}

/**
 * The hierarchies that containers are looked for in. A runtime puts a container into all of those that it uses: into the
 * one of version 2, or on hosts with version 1 into one for each controller, of which one is enough.
 */
export function containerHierarchies(): readonly number[] {
  const hierarchies = cgroupHierarchies();
  const withControllers = hierarchies.filter(({ isV2 }) => !isV2);
  const preferred = CONTROLLERS.flatMap((name) => withControllers.filter(({ options }) => options.includes(name)));
  const chosen = [...hierarchies.filter(({ isV2 }) => isV2), preferred[0] ?? withControllers[0]];
  return [...new Set(chosen.flatMap((each) => (each === undefined ? [] : [each.hierarchy])))];
}

/** The cgroups that a container has now, where its first process is known. */
export function containerCgroups(containerId: string, pid: number | undefined): readonly CgroupId[] {
  if (pid === undefined) return [];
  const names = new Set(cgroupNamesOf(containerId));
  const wanted = new Set(containerHierarchies());
  const paths = cgroupPathsOf(pid).filter(({ hierarchy }) => wanted.has(hierarchy));
  return paths.flatMap(({ hierarchy, path }) => {
    const parts = path.split('/');
    const depth = parts.findLastIndex((part) => names.has(part));
    // Seen from a cgroup namespace, a path leads up from its root and may not be the one below the mount point.
    const direct =
      depth < 0 || parts.includes('..') ? undefined : cgroupIn(hierarchy, parts.slice(0, depth + 1).join('/'));
    const found = direct ?? (depth < 0 ? undefined : search(hierarchy, names));
    return found === undefined ? [] : [found];
  });
}

/** The innermost container that a process runs in, by the names of its cgroups. */
export function readContainerId(pid: number): string | undefined {
  const ids = cgroupPathsOf(pid).map(({ path }) => path.match(CONTAINER_ID_IN_PATH)?.at(-1));
  return ids.find((id) => id !== undefined);
}

function search(hierarchy: number, names: ReadonlySet<string>): CgroupId | undefined {
  const mount = cgroupHierarchies().find((each) => each.hierarchy === hierarchy);
  const queue = mount === undefined ? [] : [''];
  for (let i = 0; i < queue.length && i < MAX_SEARCHED_CGROUPS; i++) {
    const path = queue[i] ?? '';
    for (const name of childrenOf(join(mount?.mountPoint ?? '', path))) {
      if (names.has(name)) return cgroupIn(hierarchy, join(path, name));
      queue.push(join(path, name));
    }
  }
  return undefined;
}

function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return []; // it is gone
  }
}
