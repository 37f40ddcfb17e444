// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkWritable, fileOwner, writeOwnedFile } from './owned-file.js';

const isRoot = process.getuid?.() === 0;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-owned-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('writeOwnedFile', () => {
  it('replaces an older file and leaves nothing else behind', async () => {
    const path = join(directory, 'stats.json');
    writeFileSync(path, 'something longer than the new content');
    await writeOwnedFile(path, '{}\n');
    expect(readFileSync(path, 'utf8')).toBe('{}\n');
    expect(readdirSync(directory)).toEqual(['stats.json']);
  });

  it('writes through a symbolic link instead of replacing it', async () => {
    writeFileSync(join(directory, 'real'), '');
    symlinkSync('real', join(directory, 'link'));
    await writeOwnedFile(join(directory, 'link'), 'text');
    expect(readFileSync(join(directory, 'real'), 'utf8')).toBe('text');
  });

  it('says in one sentence what is wrong', async () => {
    const path = join(directory, 'missing', 'stats.json');
    await expect(writeOwnedFile(path, '')).rejects.toThrow(
      `cannot write '${path}': ENOENT: no such file or directory.`,
    );
  });

  it.runIf(isRoot)('gives the file to the user behind sudo (runs as root only)', async () => {
    vi.stubEnv('SUDO_UID', '12345');
    vi.stubEnv('SUDO_GID', '12346');
    const path = join(directory, 'ready');
    await writeOwnedFile(path, '1\n');
    expect(statSync(path)).toMatchObject({ uid: 12345, gid: 12346 });
  });
});

describe('fileOwner', () => {
  it('is nobody in particular without sudo or with a forged variable', () => {
    expect(fileOwner({})).toBeUndefined();
    expect(fileOwner({ SUDO_UID: '12', SUDO_GID: 'x' })).toBeUndefined();
  });
});

describe('checkWritable', () => {
  it('fails before the capture when the directory is missing or the path is one', async () => {
    await expect(checkWritable('--stats', join(directory, 'no', 'x'))).rejects.toThrow(/^--stats: cannot write/);
    await expect(checkWritable('--stats', directory)).rejects.toThrow('it is a directory');
    await expect(checkWritable('--stats', join(directory, 'x'))).resolves.toBeUndefined();
  });
});
