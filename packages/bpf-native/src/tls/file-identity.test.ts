// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileIdentity } from './file-identity.js';

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-identity-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function identityOf(path: string, isLayer = false): string {
  const fd = openSync(path, 'r');
  try {
    return fileIdentity(fd, isLayer).key;
  } finally {
    closeSync(fd);
  }
}

describe('the identity of a file', () => {
  it('is that of its inode: other names are the same, copies and what it becomes are others', () => {
    const directory = temporaryDirectory();
    const [file, copy] = [join(directory, 'a'), join(directory, 'b')];
    writeFileSync(file, 'text');
    copyFileSync(file, copy);
    const before = identityOf(file);
    expect(identityOf(`${directory}/../${directory.split('/').at(-1)}/a`)).toBe(before);
    expect(identityOf(copy)).not.toBe(before);
    appendFileSync(file, 'more');
    expect(identityOf(file)).not.toBe(before);
  });

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'is the same in a layer and in every overlay of it, until it is written to',
    () => {
      const directory = temporaryDirectory();
      const layer = join(directory, 'layer');
      mkdirSync(layer);
      writeFileSync(join(layer, 'libssl.so.3'), 'code');
      const overlays = ['one', 'two'].map((name) => {
        const [root, upper, work] = ['root', 'upper', 'work'].map((part) => join(directory, `${name}-${part}`));
        for (const part of [root, upper, work]) mkdirSync(part ?? '');
        const options = `lowerdir=${layer},upperdir=${upper},workdir=${work}`;
        execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, root ?? '']);
        onTestFinished(() => void execFileSync('umount', [root ?? '']));
        return join(root ?? '', 'libssl.so.3');
      });
      const [one = '', two = ''] = overlays;
      const inLayer = identityOf(join(layer, 'libssl.so.3'), true);
      expect(identityOf(one)).toBe(inLayer);
      expect(identityOf(two)).toBe(inLayer);
      appendFileSync(one, 'other code');
      expect(identityOf(one)).not.toBe(inLayer);
      expect(identityOf(two)).toBe(inLayer);
    },
  );
});
