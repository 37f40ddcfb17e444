// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pseudoRandomBytes } from '@flowtap/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TLS_SYMBOLS } from '../tls/tls-probes.js';
import { findFunctions } from './elf.js';

const libssl = '/lib/x86_64-linux-gnu/libssl.so.3';
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-elf-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function functionsOf(path: string, wanted: ReadonlySet<string> = TLS_SYMBOLS): Map<string, number> {
  const fd = openSync(path, 'r');
  try {
    return new Map([...findFunctions(fd, wanted)].map(([name, { offset }]) => [name, offset]));
  } finally {
    closeSync(fd);
  }
}

function functionsIn(content: Buffer): Map<string, number> {
  const path = join(directory, 'file');
  writeFileSync(path, content);
  return functionsOf(path);
}

/** The same by binutils: addresses by nm, translated with the segments that readelf prints. */
function byBinutils(path: string, nmOptions: readonly string[]): Map<string, number> {
  const run = (command: string, ...args: readonly string[]) =>
    execFileSync(command, [...args, path], { encoding: 'utf8', maxBuffer: 512 * 1024 * 1024 });
  const segments = [...run('readelf', '-lW').matchAll(/^ +LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)/gm)].map((match) =>
    match.slice(1).map((text) => Number.parseInt(text, 16)),
  );
  const found = new Map<string, number>();
  for (const [, address = '', name = ''] of run('nm', ...nmOptions).matchAll(/^(\w+) [TtWi] ([^@\n]+)/gm)) {
    if (!TLS_SYMBOLS.has(name)) continue;
    const virtual = Number.parseInt(address, 16);
    for (const [offset = 0, start = 0, bytes = 0] of segments) {
      if (virtual >= start && virtual < start + bytes) found.set(name, virtual - start + offset);
    }
  }
  return found;
}

const sorted = (functions: ReadonlyMap<string, number>) => [...functions].sort();

describe('functions of real files agree with nm and readelf', () => {
  it.runIf(existsSync(libssl))('a stripped shared library', () => {
    const ours = functionsOf(libssl);
    expect([...ours.keys()]).toEqual(
      expect.arrayContaining(['SSL_read', 'SSL_write', 'SSL_read_ex', 'SSL_set_fd', 'SSL_free']),
    );
    expect(sorted(ours)).toEqual(sorted(byBinutils(libssl, ['-D', '--defined-only'])));
  });

  it('the program that runs this test', () => {
    const ours = functionsOf(process.execPath);
    expect(sorted(ours)).toEqual(sorted(byBinutils(process.execPath, ['-D', '--defined-only'])));
  });

  it('a program that has the functions in its symbol table only, at addresses unlike their file offsets', () => {
    const source = join(directory, 'static.c');
    const program = join(directory, 'static');
    const functions = [...TLS_SYMBOLS].map((name) => `static int ${name}(int x) { return x + ${name.length}; }`);
    const calls = [...TLS_SYMBOLS].map((name) => `${name}(n)`).join(' + ');
    writeFileSync(source, `${functions.join('\n')}\nint main(int n, char **v) { (void)v; return ${calls}; }\n`);
    execFileSync('cc', ['-O0', '-no-pie', '-o', program, source]);
    const ours = functionsOf(program);
    expect(ours.size).toBe(TLS_SYMBOLS.size);
    expect(sorted(ours)).toEqual(sorted(byBinutils(program, [])));
    execFileSync('strip', [program]);
    expect(functionsOf(program)).toEqual(new Map());
  });
});

describe('a file that is no ELF program, or pretends to be one', () => {
  /** A header that names tables, and what the test puts there. */
  function elf(sections: readonly { type: number; offset: number; size: number; link: number }[]): Buffer {
    const bytes = Buffer.alloc(64 + 64 * sections.length);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes.writeBigUInt64LE(64n, 40);
    bytes.writeUInt16LE(56, 54);
    bytes.writeUInt16LE(64, 58);
    bytes.writeUInt16LE(sections.length, 60);
    sections.forEach(({ type, offset, size, link }, i) => {
      const at = 64 + 64 * i;
      bytes.writeUInt32LE(type, at + 4);
      bytes.writeBigUInt64LE(BigInt(offset), at + 24);
      bytes.writeBigUInt64LE(BigInt(size), at + 32);
      bytes.writeUInt32LE(link, at + 40);
    });
    return bytes;
  }

  it.each([
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('#!/bin/sh\n'.repeat(20))],
    ['only the magic number', Buffer.from('\x7fELF', 'latin1')],
    ['a 32-bit header', Buffer.concat([Buffer.from('\x7fELF\x01\x01', 'latin1'), Buffer.alloc(100)])],
    ['a big-endian header', Buffer.concat([Buffer.from('\x7fELF\x02\x02', 'latin1'), Buffer.alloc(100)])],
    ['a table beyond 2^63', elf([{ type: 11, offset: 2 ** 63, size: 2 ** 63, link: 0 }])],
    ['a link to no section', elf([{ type: 11, offset: 0, size: 64, link: 0xffff_ffff }])],
    ['names that link to themselves', elf([{ type: 2, offset: 0, size: 128, link: 0 }])],
  ])('has no functions: %s', (_, content) => {
    expect(functionsIn(content)).toEqual(new Map());
  });

  it('has no functions: a directory, a device', () => {
    expect(functionsOf(directory)).toEqual(new Map());
    expect(functionsOf('/dev/zero')).toEqual(new Map());
  });

  it('takes no memory for a table that is not there', () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const { allocUnsafe } = Buffer;
    Buffer.allocUnsafe = (bytes) => {
      most = Math.max(most, bytes);
      return allocUnsafe(bytes);
    };
    try {
      functionsIn(elf([{ type: 11, offset: 0, size: 200 * 1024 * 1024, link: 0 }]));
    } finally {
      Buffer.allocUnsafe = allocUnsafe;
    }
    expect(most).toBeLessThan(1024);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it('reads as many tables as the ABI allows, however many it has', () => {
    const table = { type: 11, offset: 0, size: 4_000_000, link: 0 };
    const content = Buffer.concat([elf(Array.from({ length: 60_000 }, () => table)), Buffer.alloc(200_000)]);
    // 60,000 times 4 MB would not end within the time limit of a test.
    expect(functionsIn(content)).toEqual(new Map());
  });

  it.runIf(existsSync(libssl))(
    'never makes it throw: a real library with flipped bytes, or cut short',
    () => {
      const original = readFileSync(libssl);
      const path = join(directory, 'mutant');
      writeFileSync(path, original);
      const fd = openSync(path, 'r+');
      const sectionHeaders = Number(original.readBigUInt64LE(40));
      const random = pseudoRandomBytes(4711, 12_000);
      try {
        for (let round = 0; round < 400; round++) {
          // Where a change matters most: the header, the program headers, the section headers.
          const changes = Array.from({ length: 1 + (round % 3) }, (_, i) => {
            const at = random.readUInt16LE(round * 12 + i * 4) % 1600;
            return { at: at < 800 ? at : sectionHeaders + at - 800, value: random.readUInt8(round * 12 + i * 4 + 2) };
          }).filter(({ at }) => at < original.length);
          for (const { at, value } of changes) writeSync(fd, Buffer.of(value), 0, 1, at);
          expect(() => findFunctions(fd, TLS_SYMBOLS)).not.toThrow();
          for (const { at } of changes) writeSync(fd, original, at, 1, at);
        }
      } finally {
        closeSync(fd);
      }
      for (let bytes = 0; bytes < original.length; bytes += 9973) {
        expect(functionsIn(original.subarray(0, bytes)).size).toBeLessThanOrEqual(TLS_SYMBOLS.size);
      }
    },
    60_000,
  );
});
