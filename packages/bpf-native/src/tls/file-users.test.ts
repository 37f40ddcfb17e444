// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type FileUsers, hasUsers } from './file-users.js';

const TARGET = 1;
const NOBODY = { processes: new Map<number, readonly number[]>(), lasting: new Set<number>() };
const living = (...pids: readonly number[]) => ({ ...NOBODY, processes: new Map([[TARGET, pids]]) });
const MAX_PID = 2 ** 31 - 1;

function file(use: Partial<FileUsers> = {}): FileUsers {
  return { inode: '1', path: '/usr/lib/libssl.so.3', mappedBy: new Map(), knownTo: new Set(), ...use };
}

/** The program that this test runs in: mapped by this process. */
const ownProgram = () => file({ inode: String(statSync(process.execPath).ino), path: process.execPath });

it('a file that the linker of a target knows is in use until its last process has ended', () => {
  const known = file({ knownTo: new Set([TARGET]) });
  expect(hasUsers(known, living(MAX_PID))).toBe(true);
  expect(hasUsers(known, NOBODY)).toBe(false);
  expect(known.knownTo.size).toBe(0);
});

it('a file that one process has mapped is in use while another one of its target lives, which may start the next user', () => {
  const mapped = file({ mappedBy: new Map([[TARGET, MAX_PID]]) });
  expect(hasUsers(mapped, living(MAX_PID, MAX_PID - 1))).toBe(true);
  expect(hasUsers(mapped, living(MAX_PID - 1))).toBe(true);
  expect(hasUsers(mapped, living(MAX_PID))).toBe(false);
});

it('a file of a control group is in use until that is removed', () => {
  const mapped = file({ mappedBy: new Map([[TARGET, MAX_PID]]) });
  expect(hasUsers(mapped, { ...NOBODY, lasting: new Set([TARGET]) })).toBe(true);
  expect(hasUsers(mapped, NOBODY)).toBe(false);
});

it.runIf(process.platform === 'linux')('a file that is mapped now is in use, whoever brought it', () => {
  const own = ownProgram();
  expect(hasUsers(own, living(process.pid))).toBe(true);
  expect([...own.mappedBy]).toEqual([[TARGET, process.pid]]);
  expect(hasUsers({ ...own, inode: '2', mappedBy: new Map() }, living(process.pid))).toBe(false);
});
