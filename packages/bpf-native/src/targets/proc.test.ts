// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executableMappings, processExists, processTree, readComm, readExe } from './proc.js';

/** What stands in the middle of /proc/pid/stat: everything that can confuse its reader. */
const NAME = 'a) S 1 (b c';

let directory: string;
let child: ChildProcess;
let grandchild: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-proc-'));
  copyFileSync(realpathSync('/bin/sh'), join(directory, NAME));
  child = spawn(join(directory, NAME), ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!child.stdout) throw new Error('no pipe');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  grandchild = Number(line);
});

afterAll(() => {
  process.kill(grandchild, 'SIGKILL');
  child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

const childPid = () => child.pid ?? 0;

describe('a process tree', () => {
  it('has a process, its child and its grandchild, whatever their names contain', () => {
    expect(processTree(childPid())).toEqual(new Set([childPid(), grandchild]));
    expect([...processTree(process.pid)]).toEqual(expect.arrayContaining([process.pid, childPid(), grandchild]));
  });

  it('has no parents and no strangers', () => {
    expect(processTree(grandchild)).toEqual(new Set([grandchild]));
    expect(processTree(childPid()).has(process.pid)).toBe(false);
  });

  it('is empty for a process that is not there', () => {
    // pid_max is at most 2^22.
    expect(processTree(2 ** 22 + 1)).toEqual(new Set());
  });
});

describe('a process', () => {
  it('has the name and the executable that it runs', () => {
    expect(readComm(childPid())).toBe(NAME);
    expect(readExe(childPid())).toBe(join(directory, NAME));
    expect(processExists(childPid())).toBe(true);
  });

  it('that is not there has none', () => {
    const nobody = 2 ** 22 + 1;
    expect(processExists(nobody)).toBe(false);
    expect(readComm(nobody)).toBeUndefined();
    expect(readExe(nobody)).toBeUndefined();
    expect(executableMappings(nobody)).toEqual([]);
  });
});

describe('executable mappings', () => {
  it('are files with their path, also one with spaces and parentheses', () => {
    const paths = executableMappings(childPid()).map(({ path }) => path);
    expect(paths).toContain(join(directory, NAME));
    expect(paths.some((path) => path.includes('/libc.so') || path.includes('/ld-'))).toBe(true);
    expect(paths.every((path) => path.startsWith('/'))).toBe(true);
  });

  it('have the name that /proc/pid/map_files gives them', () => {
    for (const { range } of executableMappings(process.pid)) expect(range).toMatch(/^[1-9a-f][0-9a-f]*-[0-9a-f]+$/);
  });
});
