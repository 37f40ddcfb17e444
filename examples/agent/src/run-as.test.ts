// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { afterEach, expect, it, vi } from 'vitest';
import { planSpawn } from './run-as.js';

const user = { name: 'eve', uid: 65533, gid: 65532, groups: [65532], home: '/', shell: '/bin/sh' };
const isRoot = process.getuid?.() === 0;

afterEach(() => {
  vi.unstubAllEnvs();
});

it('leaves the command and the environment alone without --user', async () => {
  expect(await planSpawn(['curl', '-s'], undefined)).toEqual({
    command: 'curl',
    args: ['-s'],
    options: {},
    missingGroups: false,
  });
});

it('says that groups will be missing where nothing can set them', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  const plan = await planSpawn(['id'], { ...user, groups: [65532, 65531] });
  expect(plan).toMatchObject({ command: 'id', options: { uid: 65533, gid: 65532 }, missingGroups: true });
});

it.runIf(isRoot)('sets user, group and all other groups (runs as root only)', async () => {
  const plan = await planSpawn(['sh', '-c', 'id -u; id -g; id -G; echo $HOME'], { ...user, groups: [65532, 65531] });
  const { command, args, options } = plan;
  expect(execFileSync(command, args, { ...options, encoding: 'utf8' })).toBe('65533\n65532\n65532 65531\n/\n');
});
