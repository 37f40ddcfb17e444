// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scanFile } from './file-scan.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-scan-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const MEBIBYTE = 1 << 20;
const markers = {
  version: { begins: 'rustls-', pattern: /^rustls-(\d+\.\d+\.\d+)/ },
  word: { begins: 'BoringSSL', pattern: /^BoringSSL/ },
};

function scan(...parts: readonly (readonly [at: number, text: string])[]) {
  const content = Buffer.alloc(3 * MEBIBYTE, '.');
  for (const [at, text] of parts) content.write(text, at, 'latin1');
  const path = join(directory, 'file');
  writeFileSync(path, content);
  return scanFile(path, markers);
}

it('finds each marker wherever it is, the beginning and the end of the file included', async () => {
  expect(await scan([0, 'rustls-0.23.5'], [3 * MEBIBYTE - 9, 'BoringSSL'])).toEqual({
    version: '0.23.5',
    word: 'BoringSSL',
  });
});

it('finds a marker whole that lies across two reads', async () => {
  for (let before = 0; before < 200; before += 7) {
    expect(await scan([MEBIBYTE + 128 - before, 'rustls-0.23.15'])).toEqual({ version: '0.23.15' });
  }
});

it('goes on behind something that begins like a marker', async () => {
  expect(await scan([10, 'rustls-native-certs'], [50, 'rustls-0.21.0'])).toEqual({ version: '0.21.0' });
});

it('finds nothing in a file that is not there', async () => {
  expect(await scanFile(join(directory, 'none'), markers)).toEqual({});
});
