// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scene } from './scene.js';
import { until } from './until.js';

export type CgroupVersion = 'v1' | 'v2';

/** A control group of our own, gone after the test. */
export class Cgroup {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static make(scene: Scene, version: CgroupVersion): Cgroup {
    return Cgroup.#makeIn(scene, version === 'v2' ? mountedV2() : mountOwnV1(scene));
  }

  static #makeIn(scene: Scene, hierarchy: string): Cgroup {
    const path = join(hierarchy, `flowtap-test-${process.pid}`);
    mkdirSync(path);
    // The kernel needs a moment to forget processes that have ended.
    scene.onClose(() => until(`${path} can be removed`, () => tryToRemove(path)).then(() => undefined));
    return new Cgroup(path);
  }

  child(scene: Scene, name: string): Cgroup {
    const path = join(this.path, name);
    mkdirSync(path);
    scene.onClose(() => until(`${path} can be removed`, () => tryToRemove(path)).then(() => undefined));
    return new Cgroup(path);
  }

  /** Moves a process here, as container runtimes do. */
  add(pid: number): void {
    writeFileSync(join(this.path, 'cgroup.procs'), String(pid));
  }
}

function mountedV2(): string {
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , type]) => type === 'cgroup2');
  if (mount?.[1] === undefined) throw new Error('no cgroup2 is mounted');
  return mount[1];
}

const RELEASE_MS = 200;
const V1_NAME = `name=flowtap-test-${process.pid}`;

/** A v1 hierarchy without a controller: it can be had beside anything that is mounted already. */
function mountOwnV1(scene: Scene): string {
  const directory = scene.path('cgroup-v1');
  mkdirSync(directory);
  mountV1(directory);
  scene.onClose(() => endV1(directory));
  return directory;
}

/** The kernel releases a removed group a moment later, and a hierarchy that is unmounted before outlives its mount. */
async function endV1(directory: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await sleep(RELEASE_MS);
    unmount(directory);
    await sleep(RELEASE_MS);
    if (!readFileSync('/proc/self/cgroup', 'utf8').includes(`:${V1_NAME}:`)) return;
    if (attempt === 10) throw new Error(`the cgroup hierarchy ${V1_NAME} stays`);
    mountV1(directory);
  }
}

function mountV1(directory: string): void {
  execFileSync('mount', ['-t', 'cgroup', '-o', `none,${V1_NAME}`, 'cgroup', directory]);
}

function unmount(directory: string): void {
  execFileSync('umount', [directory]);
}

function tryToRemove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
