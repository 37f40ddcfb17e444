// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { access, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FlowtapError } from '@flowtap/core';

/** Who asked for the file: with sudo that is the user behind it, not root. */
export function fileOwner(environment: NodeJS.ProcessEnv): { readonly uid: number; readonly gid: number } | undefined {
  const uid = environment['SUDO_UID'];
  const gid = environment['SUDO_GID'];
  const isNumber = /^\d+$/;
  if (process.getuid?.() !== 0 || !isNumber.test(uid ?? '') || !isNumber.test(gid ?? '')) return undefined;
  return { uid: Number(uid), gid: Number(gid) };
}

/** Fails now rather than after an hour of capture when the file's directory is missing or read-only. */
export async function checkWritable(option: string, path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    if ((await lstat(path).catch(() => undefined))?.isDirectory() === true) throw new Error('it is a directory');
  } catch (error) {
    throw cannotWrite(`${option}: `, path, error);
  }
}

/**
 * Writes a small file whole: who finds it finds all of it. A device, pipe or symbolic link is written to, not replaced.
 */
export async function writeOwnedFile(path: string, text: string): Promise<void> {
  const before = await lstat(path).catch(() => undefined);
  const inPlace = before !== undefined && !before.isFile();
  const written = inPlace ? path : `${path}.${process.pid}.tmp`;
  try {
    const file = await open(written, inPlace ? 'w' : 'wx', 0o644);
    try {
      await file.writeFile(text);
      const owner = inPlace ? undefined : fileOwner(process.env);
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
    } finally {
      await file.close();
    }
    if (!inPlace) await rename(written, path);
  } catch (error) {
    if (!inPlace) await rm(written, { force: true });
    throw cannotWrite('', path, error);
  }
}

function cannotWrite(prefix: string, path: string, cause: unknown): FlowtapError {
  const reason = cause instanceof Error ? cause.message.replace(/, \w+ '.*'$/, '') : String(cause);
  return new FlowtapError('FILE_WRITE', `${prefix}cannot write '${path}': ${reason}.`, { cause });
}
