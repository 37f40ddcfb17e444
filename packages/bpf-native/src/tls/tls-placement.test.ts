// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { ReadCode } from '../elf/x86-code.js';
import { findInternalFunction } from './tls-placement.js';

// Offsets of the pieces of code in a made-up library.
const PLAIN = 0x100;
const EXTENDED = 0x200;
const FLAGGED = 0x280;
const INTERNAL = 0x300;
const STUB = 0x400;

const ENDBR64 = [0xf3, 0x0f, 0x1e, 0xfa];
const SUB_RSP = [0x48, 0x83, 0xec, 0x18];
const PUSH_R15 = [0x41, 0x57];
const MOV_RCX_RSP = [0x48, 0x89, 0xe1];
const TEST_EDX = [0x85, 0xd2];
const RET = [0xc3];
const JMP_INDIRECT = [0xff, 0x25, 0, 0, 0, 0];

const BREAKPOINT = 0xcc;

class Code {
  readonly #bytes = Buffer.alloc(0x1000, BREAKPOINT);

  at(offset: number, ...parts: (readonly number[] | { readonly call: number })[]): this {
    let position = offset;
    for (const part of parts) {
      if ('call' in part) {
        this.#bytes[position] = 0xe8;
        this.#bytes.writeInt32LE(part.call - (position + 5), position + 1);
        position += 5;
      } else {
        position += Buffer.from(part).copy(this.#bytes, position);
      }
    }
    return this;
  }

  get read(): ReadCode {
    return (offset, bytes) => this.#bytes.subarray(offset, offset + bytes);
  }
}

/** As OpenSSL 3.0 is built: the extended function hands its arguments on, the plain one adds a pointer of its own. */
function openssl(): Code {
  return new Code()
    .at(PLAIN, SUB_RSP, TEST_EDX, MOV_RCX_RSP, { call: INTERNAL }, { call: STUB }, RET)
    .at(EXTENDED, SUB_RSP, { call: INTERNAL }, RET)
    .at(FLAGGED, ENDBR64, SUB_RSP, { call: INTERNAL }, RET)
    .at(INTERNAL, PUSH_R15, RET)
    .at(STUB, ENDBR64, JMP_INDIRECT);
}

const functions = { plain: PLAIN, extended: EXTENDED, flagged: undefined };

describe('the function behind the exported ones', () => {
  it('is what both call, and is probed at an instruction that the kernel emulates', () => {
    expect(findInternalFunction(functions, openssl().read)).toEqual({ offset: INTERNAL, countArgument: 4 });
  });

  it('is probed behind its landing pad, where arguments and stack pointer are still as at entry', () => {
    const code = openssl().at(INTERNAL, ENDBR64, PUSH_R15, RET);
    expect(findInternalFunction(functions, code.read)?.offset).toBe(INTERNAL + ENDBR64.length);
  });

  it('has its count in the fifth argument where there is a function with flags', () => {
    const found = findInternalFunction({ ...functions, flagged: FLAGGED }, openssl().read);
    expect(found).toEqual({ offset: INTERNAL, countArgument: 5 });
  });

  it.each([
    ['begins with an instruction that would be single-stepped', openssl().at(INTERNAL, SUB_RSP, RET)],
    ['is not called by the plain function', openssl().at(PLAIN, SUB_RSP, { call: STUB }, RET)],
    ['is in another library', openssl().at(EXTENDED, SUB_RSP, { call: STUB }, RET)],
    ['is called after the arguments may have changed', openssl().at(EXTENDED, MOV_RCX_RSP, { call: INTERNAL }, RET)],
    ['is called on one of two ways only', openssl().at(EXTENDED, TEST_EDX, [0x74, 0x05], { call: INTERNAL }, RET)],
    ['cannot be decoded', openssl().at(EXTENDED, [0x06, 0x06, 0x06])],
    ['is cut off', new Code()],
  ])('is not used when it %s', (_, code) => {
    expect(findInternalFunction(functions, code.read)).toBeUndefined();
  });

  it('is not looked for in a library without the extended functions', () => {
    expect(findInternalFunction({ ...functions, extended: undefined }, openssl().read)).toBeUndefined();
  });
});
