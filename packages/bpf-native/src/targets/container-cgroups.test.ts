// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../test/support/until.js';
import { cgroupHierarchies } from './cgroup.js';
import {
  cgroupNamesOf,
  containerCgroups,
  containerHierarchies,
  isContainerId,
  readContainerId,
} from './container-cgroups.js';

const id = process.pid.toString(16).padStart(64, '0');

describe('a container id', () => {
  it('has 64 hexadecimal digits', () => {
    expect(isContainerId(id)).toBe(true);
    for (const text of ['', 'web', id.slice(1), `${id}0`, id.replace('0', 'A'), `${id.slice(1)}\n`]) {
      expect(isContainerId(text)).toBe(false);
    }
  });
});

describe('the cgroup of a container', () => {
  it('has one of few names, all of which fit into the map of names', () => {
    const names = cgroupNamesOf(id);
    expect(names).toEqual(expect.arrayContaining([id, `docker-${id}.scope`, `libpod-${id}.scope`, `libpod-${id}`]));
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(128);
  });

  it('is looked for in version 2 and in one hierarchy of version 1 at most', () => {
    const v1 = cgroupHierarchies().filter(({ isV2 }) => !isV2);
    const hierarchies = containerHierarchies();
    expect(hierarchies.length).toBeGreaterThan(0);
    expect(hierarchies.filter((hierarchy) => v1.some((each) => each.hierarchy === hierarchy))).toHaveLength(
      Math.min(1, v1.length),
    );
  });

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0).each([
    ['as runtimes name it', id, `/${id}`],
    ['below the scope of an engine', `docker-${id}.scope/inner`, `/docker-${id}.scope`],
  ])('is found by a process in it, %s', async (_, path, expected) => {
    const hierarchy = containerHierarchies()[0] ?? 0;
    const root = cgroupHierarchies().find((each) => each.hierarchy === hierarchy)?.mountPoint ?? '';
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const parts = path.split('/').map((_part, i, all) => `${root}/${all.slice(0, i + 1).join('/')}`);
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await until('the cgroups are gone', () => parts.toReversed().every(tryRemove));
    });
    for (const part of parts) mkdirSync(part);
    writeFileSync(`${parts.at(-1)}/cgroup.procs`, String(child.pid));
    expect(readContainerId(child.pid ?? 0)).toBe(id);
    expect(containerCgroups(id, child.pid)).toEqual([
      { hierarchy, path: `${root}${expected}`, id: statSync(`${root}${expected}`, { bigint: true }).ino },
    ]);
    expect(containerCgroups(id.replace('0', '1'), child.pid)).toEqual([]);
  });

  it('is none for a container that does not run, or whose process is gone', () => {
    expect(containerCgroups(id, undefined)).toEqual([]);
    expect(containerCgroups(id, 2 ** 22 + 1)).toEqual([]);
    expect(readContainerId(2 ** 22 + 1)).toBeUndefined();
  });
});

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  return true;
}
