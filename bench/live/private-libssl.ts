// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './child.js';

const TIMEOUT_MS = 10_000;

/**
 * Copies the libssl that a program is linked with, for LD_LIBRARY_PATH: uprobes belong to the file, so those on the copy
 * meet this program only, and those on the machine's own file never do.
 *
 * @returns the path of the copy
 */
export async function copyLibssl(program: string, directory: string): Promise<string> {
  const path = /(libssl\.so\.\d\S*) => (\S+)/.exec(await runCommand('ldd', [program], TIMEOUT_MS));
  if (path?.[1] === undefined || path[2] === undefined) throw new Error(`${program} is not linked with libssl.`);
  mkdirSync(directory, { recursive: true });
  const copy = join(directory, path[1]);
  copyFileSync(path[2], copy);
  return copy;
}
