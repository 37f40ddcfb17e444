// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/**
 * Path of a program on the search path, whoever may execute it.
 *
 * @param mode `X_OK` for one that this process may execute.
 */
export async function findProgram(name: string, mode: number = constants.F_OK): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      await access(path, mode);
      if ((await stat(path)).isFile()) return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}
