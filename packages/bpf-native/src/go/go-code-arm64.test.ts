// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readGoCodeArm64 } from './go-code-arm64.js';

const OFFSET = 0x1000;
const LOAD_STACK_GUARD = 0xf9400b90; // ldr x16, [x28, #16]
const COMPARE = 0xeb3063ff; // cmp sp, x16
const MOVE_STACK_POINTER = 0x910003f1; // mov x17, sp
const END_OF_FRAME = 0xd10203f1; // sub x17, sp, #128
const COMPARE_X17 = 0xeb10023f; // cmp x17, x16
const BRANCH_LOWER_OR_SAME = 0x54000309; // b.ls +0x60
const BRANCH_EQUAL = 0x54000300; // b.eq +0x60
const NOP = 0xd503201f;
const RET = 0xd65f03c0;
const LOAD_LITERAL = 0x58000040; // ldr x0, +8
const CALL_BACK = 0x97ffffff; // bl -4
const CALL_FORWARD = 0x94000002; // bl +8

function assemble(...words: readonly number[]): Buffer {
  const code = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => {
    code.writeUInt32LE(word, i * 4);
  });
  return code;
}

const read = (...words: readonly number[]) => readGoCodeArm64(assemble(...words), OFFSET, 'registers');

describe('the code of a Go function on arm64', () => {
  it.each([
    ['small', [LOAD_STACK_GUARD, COMPARE, BRANCH_LOWER_OR_SAME, NOP, RET], 2],
    ['small, of older compilers', [LOAD_STACK_GUARD, MOVE_STACK_POINTER, COMPARE_X17, BRANCH_LOWER_OR_SAME, RET], 3],
    ['large', [LOAD_STACK_GUARD, END_OF_FRAME, COMPARE_X17, BRANCH_LOWER_OR_SAME, RET], 3],
  ])('is entered at the jump of its stack check: a %s frame', (_, words, index) => {
    expect(read(...words)).toMatchObject({ entry: OFFSET + index * 4, entryPlace: 'stack-check' });
  });

  it.each([
    ['has no stack check', [NOP, RET]],
    ['does something else before the jump', [LOAD_STACK_GUARD, COMPARE, NOP, BRANCH_LOWER_OR_SAME, RET]],
    ['jumps on another condition', [LOAD_STACK_GUARD, COMPARE, BRANCH_EQUAL, RET]],
    ['ends in the middle of the check', [LOAD_STACK_GUARD, COMPARE]],
  ])('is entered at its first byte when it %s', (_, words) => {
    expect(read(...words)).toMatchObject({ entry: OFFSET, entryPlace: 'first-byte' });
  });

  it('shows every return, but no constant that looks like one', () => {
    expect(read(NOP, RET, LOAD_LITERAL, NOP, RET, RET, NOP, NOP, RET)?.returns).toEqual([OFFSET + 4, OFFSET + 32]);
  });

  it('shows where its calls lead', () => {
    expect(read(NOP, CALL_BACK, CALL_FORWARD, RET)?.calls).toEqual([
      { at: OFFSET + 4, target: OFFSET },
      { at: OFFSET + 8, target: OFFSET + 16 },
    ]);
  });

  it('is not used while the calling convention is not known', () => {
    expect(readGoCodeArm64(assemble(RET), OFFSET, undefined)).toBeUndefined();
  });
});
