// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TargetError } from '../errors.js';
import { cgroupProcesses, resolveCgroup } from './cgroup.js';

/** As /proc/self/cgroup numbers them, read in another way than the sources do. */
function hierarchyIdOf(controller: string): number {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .find((text) => text.includes(`:${controller}:`));
  return Number(line?.split(':')[0]);
}

const v2 = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.controllers')));
/** Hierarchies of version 1 that this host has, by controller: none on a host that has version 2 only. */
const v1 = ['cpu', 'memory', 'pids', 'name=systemd']
  .map((controller) => ({ controller, path: `/sys/fs/cgroup/${controller.replace('name=', '')}` }))
  .filter(({ path }) => path !== v2 && existsSync(join(path, 'tasks')));
const name = `flowtap-test-${process.pid}`;

function withCgroup(root: string, body: (path: string) => void): void {
  const path = join(root, name);
  mkdirSync(path);
  try {
    body(path);
  } finally {
    rmdirSync(path);
  }
}

describe('a control group is found', () => {
  it.runIf(v2)('in version 2: hierarchy 0, by the inode of its directory', () => {
    const path = v2 as string;
    expect(resolveCgroup(path)).toEqual({ path, hierarchy: 0, id: statSync(path, { bigint: true }).ino });
  });

  it.each(v1)('in version 1: $path by the hierarchy of $controller', ({ controller, path }) => {
    expect(hierarchyIdOf(controller)).toBeGreaterThan(0);
    expect(resolveCgroup(path)).toMatchObject({ path, hierarchy: hierarchyIdOf(controller) });
  });

  it.runIf(v2 && process.getuid?.() === 0)('by its path from the root of a hierarchy, as other tools print it', () => {
    withCgroup(v2 as string, (path) => {
      expect(resolveCgroup(`/${name}`)).toEqual(resolveCgroup(path));
      expect(resolveCgroup(name)).toEqual(resolveCgroup(path));
      expect(resolveCgroup(`${path}/`).path).toBe(path);
    });
  });

  it.runIf(v2)('through a symbolic link', () => {
    const link = join(tmpdir(), name);
    symlinkSync(v2 as string, link);
    try {
      expect(resolveCgroup(link).path).toBe(v2);
    } finally {
      unlinkSync(link);
    }
  });
});

describe('no control group', () => {
  it.each(['/no/such/group', '/sys/fs/cgroup/nothing-of-this-name', '\0', '/proc'])('is %j', (path) => {
    expect(() => resolveCgroup(path)).toThrow(TargetError);
    expect(() => resolveCgroup(path)).toThrow(expect.objectContaining({ code: 'TARGET_NOT_FOUND' }));
  });
});

describe('the processes of a control group', () => {
  it.runIf(v2)('are those in it and in those below it', () => {
    const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    const path = join(v2 as string, own ?? '');
    expect(cgroupProcesses(path)).toContain(process.pid);
    expect(cgroupProcesses(v2 as string)).toContain(process.pid);
  });

  it('are none when the group is gone', () => {
    expect(cgroupProcesses('/sys/fs/cgroup/nothing-of-this-name')).toEqual([]);
  });
});
