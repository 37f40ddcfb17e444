// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { findProgram } from './find-program.js';
import { type User, userEnvironment } from './user.js';

/** How to start the command so that it runs as somebody. */
export interface SpawnPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: { readonly env?: NodeJS.ProcessEnv; readonly uid?: number; readonly gid?: number };
  /** Groups of the user that the command will not have. */
  readonly missingGroups: boolean;
}

/**
 * Node.js can set user and primary group and clears the other groups. setpriv(1), which replaces itself by the
 * command, sets them all; where it is not installed the command runs without the others.
 */
export async function planSpawn(command: readonly [string, ...string[]], user: User | undefined): Promise<SpawnPlan> {
  const [name, ...args] = command;
  if (user === undefined) return { command: name, args, options: {}, missingGroups: false };
  const env = userEnvironment(user, process.env);
  const hasMoreGroups = user.groups.some((group) => group !== user.gid);
  const setpriv = hasMoreGroups ? await findProgram('setpriv', constants.X_OK) : undefined;
  if (setpriv === undefined) {
    return { command: name, args, options: { env, uid: user.uid, gid: user.gid }, missingGroups: hasMoreGroups };
  }
  const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`, `--groups=${user.groups.join(',')}`];
  return { command: setpriv, args: [...identity, '--', ...command], options: { env }, missingGroups: false };
}
