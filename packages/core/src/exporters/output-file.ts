// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { FlowtapError } from '../errors.js';

/** Captured traffic is secret: only its owner may read it. */
const PRIVATE_MODE = 0o600;

const { O_APPEND, O_CREAT, O_EXCL, O_TRUNC, O_WRONLY } = fs.constants;
const fsync = promisify(fs.fsync);
const ftruncate = promisify(fs.ftruncate);

/** The disk is full, or the user's share of it is: it may have room again later. */
export function isOutOfSpace(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * A file that Flowtap writes. New files have mode 0600; under sudo they belong to the user who called it, so that the
 * result of a capture can be read without being root.
 */
export class OutputFile {
  readonly path: string;
  /** False for a pipe or a device: no position, no way back. */
  readonly isRegular: boolean;
  readonly initialSize: number;
  readonly #fd: number;
  #closed = false;

  /**
   * @param mode `append` keeps what is there; `replace` empties the file, and makes it private if it was not.
   * @throws FlowtapError `OUTPUT_FILE`
   */
  constructor(path: string, mode: 'append' | 'replace') {
    this.path = path;
    try {
      this.#fd = open(path, mode);
      const status = fs.fstatSync(this.#fd);
      this.isRegular = status.isFile();
      this.initialSize = status.size;
    } catch (error) {
      throw outputError(path, error);
    }
  }

  /**
   * Writes all of it, however many calls that takes. Rejects with the system's error; `written` of it tells how many
   * bytes are out.
   */
  async write(bytes: Buffer, position?: number): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const at = position === undefined ? null : position + written;
      try {
        written += await writeOnce(this.#fd, bytes, written, at);
      } catch (error) {
        throw Object.assign(error as Error, { written });
      }
    }
  }

  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  truncate(length: number): Promise<void> {
    return ftruncate(this.#fd, length);
  }

  /** Resolves when what was written is on the disk. */
  async sync(): Promise<void> {
    if (this.isRegular && !this.#closed) await fsync(this.#fd);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    fs.closeSync(this.#fd);
  }
}

function open(path: string, mode: 'append' | 'replace'): number {
  const flags = O_WRONLY | (mode === 'append' ? O_APPEND : 0);
  try {
    const fd = fs.openSync(path, flags | O_CREAT | O_EXCL, PRIVATE_MODE);
    const owner = sudoOwner();
    if (owner !== undefined) fs.fchownSync(fd, owner.uid, owner.gid);
    return fd;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const fd = fs.openSync(path, mode === 'append' ? flags : flags | O_TRUNC);
  if (mode === 'replace' && fs.fstatSync(fd).isFile()) makePrivate(fd);
  return fd;
}

function makePrivate(fd: number): void {
  try {
    fs.fchmodSync(fd, PRIVATE_MODE);
  } catch (error) {
    // Somebody else's file that we may write: its mode is theirs.
    if (errorCode(error) !== 'EPERM') throw error;
  }
}

/** Who called sudo; undefined where nobody did. */
function sudoOwner(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const { SUDO_UID, SUDO_GID } = process.env;
  const uid = Number(SUDO_UID);
  const gid = Number(SUDO_GID ?? SUDO_UID);
  if (SUDO_UID === undefined || !isUserId(uid) || !isUserId(gid)) return undefined;
  return { uid, gid };
}

function isUserId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1;
}

function writeOnce(fd: number, bytes: Buffer, offset: number, position: number | null): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, offset, bytes.length - offset, position, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

function outputError(path: string, error: unknown): FlowtapError {
  const reasons: Record<string, string> = {
    ENOENT: 'The directory does not exist.',
    EACCES: 'You have no permission to write there.',
    EPERM: 'You have no permission to write there.',
    EISDIR: 'It is a directory.',
    ENOTDIR: 'A part of the path is not a directory.',
    EROFS: 'The file system is read-only.',
    ENOSPC: 'The disk is full.',
  };
  const message = error instanceof Error ? error.message : String(error);
  const hint = reasons[errorCode(error) ?? ''] ?? message;
  return new FlowtapError('OUTPUT_FILE', `${path} cannot be written.`, { hint, cause: error });
}
