// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GoPlan, planGoProbes } from './go-probes.js';

const hasGo = spawnSync('go', ['version']).status === 0;
const goCache = fileURLToPath(new URL('../../../../.cache/go-build-system', import.meta.url));
/** Compiles what is not in the cache yet. */
const BUILD_MS = 120_000;
let directory: string;

const SOURCE = `package main

import (
	"crypto/tls"
	"io"
	"os"
)

func main() {
	conn, err := tls.Dial("tcp", os.Args[1], nil)
	if err == nil {
		io.Copy(conn, conn)
	}
}
`;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-go-'));
  mkdirSync(join(directory, 'program'));
  writeFileSync(join(directory, 'program/main.go'), SOURCE);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function build(name: string, flags: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const output = join(directory, name);
  execFileSync('go', ['build', ...flags, '-o', output, './program'], {
    cwd: directory,
    env: { PATH: process.env['PATH'], GO111MODULE: 'off', GOCACHE: goCache, GOPATH: directory, GOFLAGS: '', ...env },
  });
  return output;
}

function planOf(path: string): GoPlan | undefined {
  const fd = openSync(path, 'r');
  try {
    return planGoProbes(fd);
  } finally {
    closeSync(fd);
  }
}

function changed(path: string, name: string, change: (content: Buffer) => void): string {
  const content = readFileSync(path);
  change(content);
  const copy = join(directory, name);
  writeFileSync(copy, content);
  return copy;
}

/** What Go's own disassembler shows: addresses of instructions of a method of tls.Conn. */
function disassembled(path: string, method: string, instruction: RegExp): number[] {
  const options = ['tool', 'objdump', '-s', `^crypto/tls\\.\\(\\*Conn\\)\\.${method}$`, path];
  return execFileSync('go', options, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
    .split('\n')
    .filter((line) => instruction.test(line))
    .map((line) => Number(/\s(0x[0-9a-f]+)\s/.exec(line)?.[1]));
}

/** The segment with the code begins at the file's start in every program that Go itself links, 0x400000 or lower. */
function toFileOffsets(path: string, addresses: readonly number[]): number[] {
  const segments = execFileSync('readelf', ['-lW', path], { encoding: 'utf8' });
  return addresses.map((address) => {
    for (const [, offset = '', start = '', bytes = ''] of segments.matchAll(/LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)/g)) {
      const from = Number.parseInt(start, 16);
      if (address >= from && address < from + Number.parseInt(bytes, 16)) {
        return address - from + Number.parseInt(offset, 16);
      }
    }
    throw new Error(`no segment has ${address}`);
  });
}

const copies = /CALL runtime\.memmove\(SB\)/;
const sends = /CALL crypto\/tls\.\(\*Conn\)\.writeRecordLocked\(SB\)/;
const returns = /\bRET\b/;
const stackCheck = /\b(JBE|BLS) /;

describe.runIf(hasGo)('the probes of a Go program', () => {
  it.each([
    ['as Go builds it', []],
    ['position-independent', ['-buildmode=pie']],
  ])(
    'are at the calls that plaintext passes, as its own disassembler shows them: %s',
    (_, flags) => {
      const program = build('plain', flags);
      const addresses = [
        ...disassembled(program, 'Read', copies),
        ...disassembled(program, 'Write', sends),
        ...disassembled(program, 'Close', stackCheck).slice(0, 1),
      ];
      expect(addresses).toHaveLength(4);
      const plan = planOf(program);
      expect(plan).toMatchObject({ version: expect.stringMatching(/^go1\.\d+/), place: 'inner-calls' });
      expect(plan?.probes).toMatchObject([{ program: 'go_tls_place', offsets: toFileOffsets(program, addresses) }]);
    },
    BUILD_MS,
  );

  it(
    'are at entry and at every return where the calls were compiled otherwise',
    () => {
      const program = build('without-inlining', ['-gcflags=all=-l']);
      const read = disassembled(program, 'Read', stackCheck).slice(0, 1);
      const write = disassembled(program, 'Write', sends);
      const close = disassembled(program, 'Close', stackCheck).slice(0, 1);
      expect(planOf(program)).toMatchObject({
        place: 'entry-and-return',
        probes: [
          { program: 'go_tls_return', offsets: toFileOffsets(program, disassembled(program, 'Read', returns)) },
          { program: 'go_tls_place', offsets: toFileOffsets(program, [...read, ...write, ...close]) },
        ],
      });
    },
    BUILD_MS,
  );

  it(
    'are found on arm64: entry and returns of Read, calls in Write',
    () => {
      const program = build('arm64', [], { GOARCH: 'arm64', CGO_ENABLED: '0' });
      const read = disassembled(program, 'Read', stackCheck).slice(0, 1);
      const write = disassembled(program, 'Write', sends);
      const close = disassembled(program, 'Close', stackCheck).slice(0, 1);
      expect(planOf(program)?.probes).toMatchObject([
        { program: 'go_tls_return', offsets: toFileOffsets(program, disassembled(program, 'Read', returns)) },
        { program: 'go_tls_place', offsets: toFileOffsets(program, [...read, ...write, ...close]) },
      ]);
    },
    BUILD_MS,
  );

  it.each([
    ['as Go builds it', []],
    ['position-independent', ['-buildmode=pie']],
    ['linked by the C compiler', ['-ldflags=-linkmode=external']],
    ['linked by the C compiler, position-independent', ['-ldflags=-linkmode=external', '-buildmode=pie']],
  ])(
    'are the same without a symbol table, and without section headers: %s',
    (_, flags) => {
      const program = build('whole', flags);
      const plan = planOf(program);
      expect(plan?.place).toBe('inner-calls');
      const stripped = join(directory, 'stripped');
      copyFileSync(program, stripped);
      execFileSync('strip', ['--strip-all', stripped]);
      expect(planOf(stripped)).toEqual(plan);
      const headless = changed(program, 'headless', (content) => {
        content.writeBigUInt64LE(0n, 40);
        content.writeUInt16LE(0, 60);
        content.writeUInt16LE(0, 62);
      });
      expect(planOf(headless)?.probes).toEqual(plan?.probes);
    },
    BUILD_MS,
  );

  it(
    'are none for a program without crypto/tls, and for one that is not Go',
    () => {
      writeFileSync(join(directory, 'program/main.go'), 'package main\n\nfunc main() { println("hello") }\n');
      try {
        expect(planOf(build('without-tls', []))).toBeUndefined();
      } finally {
        writeFileSync(join(directory, 'program/main.go'), SOURCE);
      }
      expect(planOf(process.execPath)).toBeUndefined();
      expect(planOf('/etc/passwd')).toBeUndefined();
    },
    BUILD_MS,
  );

  it(
    'never make it throw: a program with changed bytes, or cut short',
    () => {
      const program = build('original', ['-buildmode=pie']);
      const original = readFileSync(program);
      const table = original.indexOf(Buffer.from([0xf0, 0xff, 0xff, 0xff, 0, 0, 1, 8]));
      const places = [...Array(64).keys(), ...Array(400).keys(), ...Array(96).keys()];
      places.forEach((place, i) => {
        const at = i < 64 ? place : i < 464 ? 64 + place : Math.max(0, table) + place;
        const mutant = changed(program, 'mutant', (content) => {
          content.writeUInt8((original[at] ?? 0) ^ (1 << (i % 8)) ^ (i % 3 ? 0 : 0xff), at);
        });
        expect(() => planOf(mutant), `byte ${at}`).not.toThrow();
      });
      for (let bytes = 0; bytes < original.length; bytes += 99_991) {
        writeFileSync(join(directory, 'cut'), original.subarray(0, bytes));
        expect(() => planOf(join(directory, 'cut'))).not.toThrow();
      }
    },
    BUILD_MS,
  );
});
