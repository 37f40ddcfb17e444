// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UsageError } from './usage-error.js';

const execute = promisify(execFile);

/** Somebody whom a command can run as. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All groups, the primary one included. */
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
}

/** By name or number, from every directory service that the machine knows (getent asks nsswitch). */
export async function lookUpUser(name: string): Promise<User> {
  const entry = name.startsWith('-') ? undefined : await output('getent', ['passwd', name]);
  const [login, , uid, gid, , home, shell] = entry?.trimEnd().split(':') ?? [];
  if (login === undefined || uid === undefined || gid === undefined) {
    throw new UsageError(`--user: there is no user '${name}' on this machine.`);
  }
  const groups = (await output('id', ['-G', '--', login]))?.trim().split(' ').map(Number);
  return {
    name: login,
    uid: Number(uid),
    gid: Number(gid),
    groups: groups ?? [Number(gid)],
    home: home ?? '/',
    shell: shell === undefined || shell === '' ? '/bin/sh' : shell,
  };
}

/** The caller's environment with what names the user replaced, as `runuser -u` leaves the rest alone. */
export function userEnvironment(user: User, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...environment, HOME: user.home, SHELL: user.shell, USER: user.name, LOGNAME: user.name };
}

async function output(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await execute(command, args)).stdout;
  } catch {
    return undefined;
  }
}
