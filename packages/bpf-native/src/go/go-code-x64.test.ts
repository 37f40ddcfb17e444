// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readGoCodeX64 } from './go-code-x64.js';

const OFFSET = 0x1000;
const CHECK_R14 = [0x49, 0x3b, 0x66, 0x10]; // cmp rsp, [r14+16]
const LARGE_CHECK = [0x4c, 0x8d, 0x64, 0x24, 0xb8, 0x4d, 0x3b, 0x66, 0x10]; // lea r12, [rsp-72]; cmp r12, [r14+16]
const FS_CHECK = [0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x3b, 0x61, 0x10]; // mov rcx, fs:[-8]; cmp …
// mov rcx, -8; mov rcx, fs:[rcx]; cmp rsp, [rcx+16]
const PIE_CHECK = [0x48, 0xc7, 0xc1, 0xf8, 0xff, 0xff, 0xff, 0x64, 0x48, 0x8b, 0x09, 0x48, 0x3b, 0x61, 0x10];
const JBE_SELF = [0x76, 0xfe]; // somewhere in the function
const PUSH_RBP = [0x55];
const SUB_RSP_24 = [0x48, 0x83, 0xec, 0x18];
const ADD_RSP_24 = [0x48, 0x83, 0xc4, 0x18];
const POP_RBP = [0x5d];
const KEEP_RAX = [0x48, 0x89, 0x44, 0x24, 0x28]; // mov [rsp+40], rax: 24 + 8 + 8
const MOV_RAX_RBX = [0x48, 0x89, 0xd8];
const CALL_NEXT = [0xe8, 0, 0, 0, 0];
const RET = [0xc3];
const JUMP_AWAY = [0xe9, 0, 0x10, 0, 0];
const JUMP_INTO_CALL = [0xeb, 0xfa]; // jmp -6, from behind a call
const INVALID = [0x06];

const read = (...parts: readonly (readonly number[])[]) => readGoCodeX64(Buffer.from(parts.flat()), OFFSET);
const epilogue = [...ADD_RSP_24, ...POP_RBP, ...RET];
const frame = [...PUSH_RBP, ...SUB_RSP_24];

describe('the code of a Go function on x86-64', () => {
  it.each([
    ['the goroutine in R14', CHECK_R14, 'registers', 0],
    ['a large frame', LARGE_CHECK, 'registers', 0],
    ['the goroutine at the thread pointer', FS_CHECK, 'stack', 8],
    ['that in a position-independent program', PIE_CHECK, 'stack', 8],
  ] as const)(
    'is entered at the jump of its stack check, which tells the calling convention: %s',
    (_, check, abi, slot) => {
      expect(read(check, JBE_SELF, frame, epilogue)).toMatchObject({
        abi,
        goroutineSlot: slot,
        entry: OFFSET + check.length,
        entryPlace: 'stack-check',
      });
    },
  );

  it('shows returns and where calls lead', () => {
    const code = read(CHECK_R14, JBE_SELF, frame, KEEP_RAX, CALL_NEXT, epilogue);
    expect(code?.calls).toMatchObject([{ at: OFFSET + 16, target: OFFSET + 21 }]);
    expect(code?.returns).toEqual([OFFSET + 26]);
  });

  it('tells the frame in which the first argument is kept', () => {
    expect(read(CHECK_R14, JBE_SELF, frame, KEEP_RAX, CALL_NEXT, epilogue)?.frameBytes).toBe(32);
    expect(read(FS_CHECK, JBE_SELF, SUB_RSP_24, CALL_NEXT, ADD_RSP_24, RET)?.frameBytes).toBe(24);
  });

  it.each([
    ['it is not kept', [frame, CALL_NEXT]],
    ['it is kept too late', [frame, CALL_NEXT, KEEP_RAX]],
    ['something else is kept', [frame, MOV_RAX_RBX, KEEP_RAX, CALL_NEXT]],
    ['the stack pointer changes again', [frame, KEEP_RAX, SUB_RSP_24, CALL_NEXT]],
  ])('tells no frame when %s', (_, body) => {
    const code = read(CHECK_R14, JBE_SELF, body.flat(), epilogue);
    expect(code).toBeDefined();
    expect(code?.frameBytes).toBeUndefined();
  });

  it.each([
    ['there is no stack check', [frame, epilogue]],
    ['the check is followed by another jump', [CHECK_R14, [0x77, 0xfe], frame, epilogue]],
    ['a byte does not decode', [CHECK_R14, JBE_SELF, frame, INVALID, epilogue]],
    ['a jump leads out of it', [CHECK_R14, JBE_SELF, frame, JUMP_AWAY, epilogue]],
    ['a jump leads into an instruction', [CHECK_R14, JBE_SELF, frame, CALL_NEXT, JUMP_INTO_CALL, epilogue]],
    ['there is no code', []],
  ])('is left alone when %s', (_, parts) => {
    expect(read(...parts)).toBeUndefined();
  });
});
