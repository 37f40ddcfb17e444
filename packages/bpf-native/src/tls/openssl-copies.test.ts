// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TlsFunction } from '../records/record-layout.js';
import { type Haste, planFile } from './file-plan.js';
import type { TlsProbes } from './tls-probes.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-copies-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ARGUMENTS =
  'void *ssl, int type, int *received, unsigned char *buffer, size_t bytes, int peek, size_t *transferred';

/** Reads records as OpenSSL does: waits, takes parts of handshakes aside, hands over application data piece by piece. */
const READ_RECORDS = `
int ssl3_read_bytes(${ARGUMENTS}) {
  struct record *record;
  size_t done = 0;
again:
  record = next_record(ssl);
  if (!record) return -1;
  if (received) *received = record->type;
  if (record->type == 22 && type != 22) {
    memcpy(handshake_of(ssl), record->data + record->offset, record->left);
    if (handle(ssl, type, peek) < 0) return -1;
    goto again;
  }
  if (record->type != type) return handle(ssl, type, peek);
  do {
    size_t n = bytes - done < record->left ? bytes - done : record->left;
    memcpy(buffer, record->data + record->offset, n);
    buffer += n;
    if (!peek) {
      record->left -= n;
      record->offset += n;
      if (record->left == 0) record = next_record(ssl);
    } else if (handle(ssl, type, peek) < 0) {
      return -1;
    }
    done += n;
  } while (record && type == 23 && done < bytes);
  if (done == 0) goto again;
  *transferred = done;
  return 1;
}`;

function library(readRecords: string): string {
  return `
#include <string.h>
struct record { int type; size_t left, offset; unsigned char *data; };
struct record *next_record(void *ssl);
unsigned char *handshake_of(void *ssl);
int handle(void *ssl, int type, int peek);
${readRecords}
#pragma GCC visibility push(default)
int SSL_read(void *ssl, void *buffer, int bytes) {
  size_t n;
  return ((int (*)())ssl3_read_bytes)(ssl, 23, 0, buffer, bytes, 0, &n) > 0 ? (int)n : -1;
}
int SSL_write(void *ssl, const void *buffer, int bytes) { return handle(ssl, 23, bytes); }
#pragma GCC visibility pop`;
}

function build(source: string, ...options: readonly string[]): string {
  const path = join(directory, 'library.so');
  writeFileSync(join(directory, 'library.c'), library(source));
  execFileSync('gcc', ['-shared', '-fPIC', '-o', path, ...options, join(directory, 'library.c')]);
  return path;
}

function probesOf(path: string, haste?: Haste): readonly TlsProbes[] {
  const fd = openSync(path, 'r');
  try {
    return planFile(fd, haste)?.probes ?? [];
  } finally {
    closeSync(fd);
  }
}

/** Where the function calls memcpy, by binutils. The code of a shared library is where its file offsets say. */
function memcpyCalls(path: string): number[] {
  const text = execFileSync('objdump', ['-d', '--no-show-raw-insn', '--disassemble=ssl3_read_bytes', path], {
    encoding: 'utf8',
  });
  return [...text.matchAll(/^ *([0-9a-f]+):\s+call +[0-9a-f]+ <memcpy@plt>/gm)].map(([, at = '']) =>
    Number.parseInt(at, 16),
  );
}

const OPTIMIZATIONS = ['-O1', '-O2', '-O3'];

describe.runIf(process.arch === 'x64')('what OpenSSL inside a program has read', () => {
  it.each(OPTIMIZATIONS)('is probed where it is copied to whoever reads, not where a handshake is: gcc %s', (level) => {
    const path = build(READ_RECORDS, level);
    const calls = memcpyCalls(path);
    expect(calls.length).toBeGreaterThan(1);
    const [writes, copies] = probesOf(path);
    expect(copies?.program).toBe('tls_copy');
    expect(calls).toEqual(expect.arrayContaining([...(copies?.offsets ?? [])]));
    expect(copies?.offsets.length).toBeGreaterThan(0);
    expect(copies?.offsets.length).toBeLessThan(calls.length);
    expect(writes).toMatchObject({ program: 'tls_call', cookies: [expect.any(Number)] });
  });

  it.each([
    ['the function has no symbol', READ_RECORDS, ['-O2', '-fvisibility=hidden', '-s']],
    [
      'its arguments are those of LibreSSL',
      READ_RECORDS.replace('int *received, ', '').replace('if (received) *received = record->type;', ''),
      ['-O2'],
    ],
    [
      'it copies without calling anything',
      READ_RECORDS.replaceAll('memcpy(buffer', 'copy(buffer').replace(
        'int ssl3',
        'static void copy(unsigned char *to, unsigned char *from, size_t n) { while (n--) *to++ = *from++; }\nint ssl3',
      ),
      ['-O1', '-fno-tree-loop-distribute-patterns'],
    ],
    [
      'it does not keep what it was asked for',
      READ_RECORDS.replace('again:', 'type = handle(ssl, 1, 2);\nagain:'),
      ['-O2'],
    ],
  ])('is probed at the functions that read when %s', (_, source, options) => {
    const programs = probesOf(build(source, ...options)).map(({ program }) => program);
    expect(programs).toEqual(['tls_call']);
  });

  it('is probed at the functions that read when there is no time to look into them', () => {
    const [transfers] = probesOf(build(READ_RECORDS, '-O2'), 'soon');
    expect(transfers).toMatchObject({ program: 'tls_call', cookies: [TlsFunction.read, TlsFunction.write] });
  });
});
