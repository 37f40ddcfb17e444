// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryPath } from './temporary-directory.js';

/** Mounts a file system of so many bytes (a multiple of the page size) for the time of the test. */
export function mountSmallDisk(bytes: number): string {
  const directory = temporaryPath('disk');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', directory]);
  });
  return directory;
}

/** Undefined where small disks can be mounted, else why not. */
export const noSmallDisk = reasonAgainst();

function reasonAgainst(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4096', 'tmpfs', directory], { stdio: 'ignore' });
    execFileSync('umount', [directory]);
    return undefined;
  } catch {
    return 'needs the right to mount';
  } finally {
    rmdirSync(directory);
  }
}
