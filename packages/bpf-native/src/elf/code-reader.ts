// SPDX-License-Identifier: Apache-2.0
import { readSync } from 'node:fs';
import type { ReadCode } from './x86-code.js';

/** The machine code of an open file; undefined where this architecture's cannot be decoded. */
export function codeReader(fd: number): ReadCode | undefined {
  if (process.arch !== 'x64') return undefined;
  return (fileOffset, bytes) => {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, fileOffset));
  };
}
