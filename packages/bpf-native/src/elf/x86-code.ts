// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import type { Instruction } from 'iced-x86';

const require = createRequire(import.meta.url);

/** A function longer than this is not one of those thin wrappers that are looked into. */
const MAX_INSTRUCTIONS = 96;

/** Reads the machine code of a file at a file offset; empty when there is none. */
export type ReadCode = (fileOffset: number, bytes: number) => Buffer;

// Loaded when first needed: it is a megabyte of WebAssembly, and not every capture meets a TLS library.
type Iced = typeof import('iced-x86');
let iced: Iced | undefined;

export function disassembler(): Iced {
  iced ??= require('iced-x86') as Iced;
  return iced;
}

/** A displacement or an immediate operand as a number: the decoder gives them without a sign. */
export function toSigned(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

/** The value of an operand, from 0; undefined where it is none in the instruction itself. */
export function immediateOf(instruction: Instruction, operand: number): number | undefined {
  const { OpKind } = disassembler();
  const kind = instruction.opKind(operand);
  const isImmediate = kind >= OpKind.Immediate8 && kind <= OpKind.Immediate32to64;
  return isImmediate ? toSigned(instruction.immediate(operand)) : undefined;
}

/** Each is valid until the next one is asked for. */
function* instructions(readCode: ReadCode, fileOffset: number): Generator<Instruction> {
  const { Decoder, DecoderOptions } = disassembler();
  const decoder = new Decoder(64, readCode(fileOffset, MAX_INSTRUCTIONS * 15), DecoderOptions.None);
  decoder.ip = BigInt(fileOffset);
  try {
    for (let count = 0; count < MAX_INSTRUCTIONS && decoder.canDecode; count++) {
      const instruction = decoder.decode();
      try {
        if (instruction.isInvalid) return;
        yield instruction;
      } finally {
        instruction.free();
      }
    }
  } finally {
    decoder.free();
  }
}

/**
 * What a stub of the procedure linkage table jumps through, counted from the stub itself: it is a jump through memory, after
 * an optional landing pad. Undefined for anything else.
 */
export function linkageSlot(readCode: ReadCode, fileOffset: number): number | undefined {
  const { Mnemonic, FlowControl } = disassembler();
  for (const instruction of instructions(readCode, fileOffset)) {
    if (instruction.mnemonic === Mnemonic.Endbr64) continue;
    const isStub = instruction.flowControl === FlowControl.IndirectBranch;
    return isStub ? Number(instruction.memoryDisplacement) - fileOffset : undefined;
  }
  return undefined;
}

function isLinkageStub(readCode: ReadCode, fileOffset: number): boolean {
  return linkageSlot(readCode, fileOffset) !== undefined;
}

/** File offsets of the functions that a function calls directly before its first return; other libraries' left out. */
export function directCalls(readCode: ReadCode, fileOffset: number): number[] {
  const { FlowControl } = disassembler();
  const targets: number[] = [];
  for (const { flowControl, nearBranchTarget } of instructions(readCode, fileOffset)) {
    if (flowControl === FlowControl.Return) break;
    if (flowControl === FlowControl.Call && !isLinkageStub(readCode, Number(nearBranchTarget))) {
      targets.push(Number(nearBranchTarget));
    }
  }
  return targets;
}

/**
 * The function that a thin wrapper hands all its arguments to, unchanged: nothing but stack handling comes before the
 * call. Undefined for anything else.
 */
export function wrappedFunction(readCode: ReadCode, fileOffset: number): number | undefined {
  const { FlowControl, Mnemonic, Register } = disassembler();
  for (const { flowControl, mnemonic, op0Register, nearBranchTarget } of instructions(readCode, fileOffset)) {
    if (flowControl === FlowControl.Call) {
      const target = Number(nearBranchTarget);
      return isLinkageStub(readCode, target) ? undefined : target;
    }
    const isStackHandling = mnemonic === Mnemonic.Push || (mnemonic === Mnemonic.Sub && op0Register === Register.RSP);
    if (mnemonic !== Mnemonic.Endbr64 && mnemonic !== Mnemonic.Nop && !isStackHandling) return undefined;
  }
  return undefined;
}

/**
 * Where in a function's first instructions a uprobe is cheap: one that the kernel emulates instead of single-stepping
 * it (arch/x86/kernel/uprobes.c: push, nop, call, jmp), with the arguments and the stack pointer still as at entry.
 * Undefined where there is none.
 */
export function cheapEntry(readCode: ReadCode, fileOffset: number): number | undefined {
  const { Mnemonic } = disassembler();
  for (const instruction of instructions(readCode, fileOffset)) {
    if (instruction.mnemonic === Mnemonic.Endbr64) continue;
    const isCheap = instruction.mnemonic === Mnemonic.Push || instruction.mnemonic === Mnemonic.Nop;
    return isCheap ? Number(instruction.ip) : undefined;
  }
  return undefined;
}
