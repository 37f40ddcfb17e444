// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallSite, followArguments } from './x86-arguments.js';
import type { ReadCode } from './x86-code.js';

const OFFSET = 0x1000;
const RBX = 3;
const R12 = 12;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-arguments-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Where there is an assembler for it. */
const onX64 = describe.runIf(process.arch === 'x64');

/** In AT&T syntax. */
function assemble(code: string): Buffer {
  const object = join(directory, 'code.o');
  const binary = join(directory, 'code.bin');
  execFileSync('as', ['--64', '-o', object, '-'], { input: `${code.replaceAll(';', '\n')}\n` });
  execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
  return readFileSync(binary);
}

interface CodePart {
  readonly code: Buffer;
  readonly offset: number;
}

/** Of the function that the first part is. */
function follow(parts: readonly CodePart[], returnsItsFirst = false): readonly CallSite[] | undefined {
  const [main] = parts;
  const readCode: ReadCode = (offset, bytes) => {
    const part = parts.find(({ code, offset: start }) => offset >= start && offset < start + code.length);
    return part?.code.subarray(offset - part.offset, offset - part.offset + bytes) ?? Buffer.alloc(0);
  };
  return main && followArguments(readCode, { offset: main.offset, bytes: main.code.length }, () => returnsItsFirst);
}

/** The calls of a function, in the order in which they are written. `call .` stands for a call of something. */
function calls(code: string, returnsItsFirst = false): readonly CallSite[] | undefined {
  const found = follow([{ code: assemble(code), offset: OFFSET }], returnsItsFirst);
  return found && [...found].sort((a, b) => a.at - b.at);
}

function lastCall(code: string, returnsItsFirst = false): CallSite {
  const found = calls(code, returnsItsFirst)?.at(-1);
  if (!found) throw new Error('no call was found');
  return found;
}

onX64('an argument', () => {
  it('is passed on until something is called', () => {
    const [first, second] = calls('nop; call .; call .; ret') ?? [];
    expect(first?.at).toBe(OFFSET + 1);
    for (const argument of [0, 1, 2, 3, 4, 5]) {
      expect(first?.passesPointerInto(argument, argument)).toBe(true);
      expect(second?.passesPointerInto(argument, argument)).toBe(false);
    }
  });

  it('is nowhere while it is in a register only that a callee may change', () => {
    expect(lastCall('call .; ret').find(0, 64)).toBeUndefined();
  });

  it('is where it was moved to before', () => {
    expect(lastCall('push %rbx; mov %rdi, %rbx; call .; call .; ret').find(0, 64)).toEqual({ register: RBX });
  });

  it.each([
    ['from the stack pointer', 'sub $40, %rsp; mov %rdi, 24(%rsp); call .; call .; ret', 24],
    ['from the frame pointer', 'push %rbp; mov %rsp, %rbp; sub $48, %rsp; mov %rdi, -8(%rbp); call .; call .; ret', 40],
    ['after arguments were pushed', 'sub $40, %rsp; mov %rdi, 24(%rsp); call .; push $1; call .; ret', 32],
  ])('is on the stack, counted %s', (_, code, bytesAboveStackPointer) => {
    expect(lastCall(code).find(0, 64)).toEqual({ bytesAboveStackPointer });
  });

  it('is known by as many bits as were kept of it', () => {
    const int = lastCall('sub $40, %rsp; mov %esi, 20(%rsp); call .; call .; ret');
    expect(int.find(1, 32)).toEqual({ bytesAboveStackPointer: 20 });
    expect(int.find(1, 8)).toEqual({ bytesAboveStackPointer: 20 });
    expect(int.find(1, 64)).toBeUndefined();
    const byte = lastCall('sub $40, %rsp; mov %sil, 19(%rsp); call .; movzbl 19(%rsp), %ebx; call .; ret');
    expect(byte.find(1, 8)).toEqual({ register: RBX });
    expect(byte.find(1, 32)).toBeUndefined();
    expect(lastCall('mov %rdi, %rax; mov %ah, %bl; mov $0, %eax; call .; call .; ret').find(0, 8)).toBeUndefined();
  });

  it.each([
    ['its register is used for something else', 'mov %rdi, %rbx; call .; add $1, %ebx; call .; ret'],
    [
      'another value comes there on one of two ways',
      'mov %rdi, %rbx; test %esi, %esi; je 1f; mov (%rdx), %rbx; 1: call .; call .; ret',
    ],
    ['a loop counts it down', 'mov %rdi, %rcx; 1: nop; loop 1b; mov %rcx, %rbx; call .; ret'],
    ['another value comes there in a loop', 'mov %rdi, %rbx; 1: call .; mov (%rax), %rbx; jmp 1b'],
    ['a part of its place is written', 'sub $40, %rsp; mov %rdi, 24(%rsp); call .; movb $0, 27(%rsp); call .; ret'],
    [
      'the address of its place is handed on',
      'sub $40, %rsp; mov %rdi, 24(%rsp); lea 24(%rsp), %rdi; call .; call .; ret',
    ],
    [
      'the address of what is below it is handed on',
      'sub $40, %rsp; mov %rdi, 24(%rsp); lea 16(%rsp), %rdi; call .; call .; ret',
    ],
    [
      'something is written there by an index',
      'sub $40, %rsp; mov %rdi, 24(%rsp); mov %al, 16(%rsp,%rdx); call .; call .; ret',
    ],
    ['its place was a pushed argument of a callee', 'push %rdi; call .; call .; ret'],
    ['the stack pointer is not known', 'sub $40, %rsp; mov %rdi, 24(%rsp); and $-64, %rsp; call .; call .; ret'],
  ])('is not known any more when %s', (_, code) => {
    const last = lastCall(code);
    for (const bits of [64, 32, 8] as const) expect(last.find(0, bits)).toBeUndefined();
  });

  it('is still known below a place whose address is handed on', () => {
    const code = 'sub $56, %rsp; mov %rdi, 24(%rsp); lea 32(%rsp), %rdi; call .; call .; ret';
    expect(lastCall(code).find(0, 64)).toEqual({ bytesAboveStackPointer: 24 });
  });

  it('may be 0 on some ways as a pointer, and as a number must not', () => {
    const pointer = 'xor %ebx, %ebx; test %edx, %edx; cmove %rdi, %rbx; call .; call .; ret';
    expect(lastCall(pointer).find(0, 64)).toEqual({ register: RBX });
    expect(lastCall(pointer).find(0, 32)).toBeUndefined();
    const ways = 'xor %r12d, %r12d; test %edx, %edx; je 1f; mov %rdi, %r12; 1: call .; call .; ret';
    expect(lastCall(ways).find(0, 64)).toEqual({ register: R12 });
    expect(lastCall(ways).find(0, 32)).toBeUndefined();
  });
});

onX64('a pointer into what an argument points to', () => {
  it.each([
    ['the argument itself', 'mov %rcx, %rbx; call .; mov %rbx, %rdi; call .; ret'],
    ['one that moves on in a loop', 'mov %rcx, %rbx; 1: call .; mov %rbx, %rdi; add %rax, %rbx; call .; jmp 1b'],
    [
      'one on the stack that moves on',
      'sub $40, %rsp; mov %rcx, 24(%rsp); 1: call .; add %rax, 24(%rsp); mov 24(%rsp), %rdi; call .; jmp 1b',
    ],
    ['an element of it', 'mov %rcx, %rbx; call .; lea (%rbx,%rax), %rdi; call .; ret'],
  ])('is %s', (_, code) => {
    const last = lastCall(code);
    expect(last.passesPointerInto(0, 3)).toBe(true);
    expect(last.passesPointerInto(0, 2)).toBe(false);
  });

  it('is what a function returns that returns its first argument', () => {
    const code = 'mov %rcx, %rdi; call .; add %rbx, %rax; mov %rax, %rdi; call .; ret';
    expect(lastCall(code, true).passesPointerInto(0, 3)).toBe(true);
    expect(lastCall(code, false).passesPointerInto(0, 3)).toBe(false);
  });

  it('is no sum of two pointers, and not what is read there', () => {
    expect(lastCall('lea (%rcx,%rdx), %rdi; call .; ret').passesPointerInto(0, 3)).toBe(false);
    expect(lastCall('mov (%rcx), %rdi; call .; ret').passesPointerInto(0, 3)).toBe(false);
  });
});

onX64('a function whose code', () => {
  it.each([
    ['jumps through memory', 'call .; jmp *(%rax)'],
    ['goes on where there is none', 'call .; test %eax, %eax; je .+4096; ret'],
    ['does not end', `call .; ${'nop; '.repeat(10_000)} ret`],
    ['does not decode', 'call .; .byte 6, 6, 6; ret'],
  ])('%s is not followed', (_, code) => {
    expect(calls(code)).toBeUndefined();
  });

  it('ends with a call of another function in place of a return is followed', () => {
    expect(calls('sub $8, %rsp; call .; add $8, %rsp; jmp .+4096')).toHaveLength(1);
    expect(calls('sub $8, %rsp; call .; jmp .+4096')).toBeUndefined();
  });

  it('is in two parts is followed through both', () => {
    const main = assemble('sub $8, %rsp; mov %rdi, %rbx; call .; jmp .+0x100; call .; add $8, %rsp; ret');
    const back = main.length - 10;
    const jump = main.indexOf(0xe9);
    const cold = OFFSET + jump + 0x100;
    const rare = assemble(`mov (%rax), %rbx; jmp .-${cold + 3 - (OFFSET + back)}`);
    const parts = [
      { code: main, offset: OFFSET },
      { code: rare, offset: cold },
    ];
    const found = follow(parts)?.find(({ at }) => at === OFFSET + back);
    expect(found?.at).toBe(OFFSET + back);
    expect(found?.find(0, 64)).toBeUndefined();
    expect(follow(parts.slice(0, 1))).toBeUndefined();
  });
});
