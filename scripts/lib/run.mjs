// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScriptError } from './say.mjs';

export const rootDirectory = fileURLToPath(new URL('../..', import.meta.url));

export const isRoot = process.getuid?.() === 0;

/** Whether a command can be started; servers such as nginx live in sbin, which a user's PATH often lacks. */
export function hasCommand(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a command in the repository's root, or `cwd`, with this terminal; returns its exit status. */
export function status(command, args, { env = {}, timeoutMs, cwd = rootDirectory } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  if (result.error?.code === 'ETIMEDOUT') {
    throw new ScriptError(`${command} ${args.join(' ')} did not end within ${timeoutMs / 1000} s and was stopped.`);
  }
  if (result.error) throw new ScriptError(`${command} could not be started: ${result.error.message}`);
  return result.status ?? 1;
}

/** The same, where any status but 0 ends the script. */
export function run(command, args, options) {
  const code = status(command, args, options);
  if (code !== 0) throw new ScriptError(`${command} ${args.join(' ')} ended with status ${code}.`);
}

/** Standard output of a command, or undefined when it failed or does not exist. */
export function output(command, args) {
  const result = spawnSync(command, args, { cwd: rootDirectory, encoding: 'utf8' });
  return result.status === 0 ? result.stdout : undefined;
}

/** Runs a JavaScript command of a package in node_modules. */
export function binary(name) {
  return join(rootDirectory, 'node_modules', '.bin', name);
}
