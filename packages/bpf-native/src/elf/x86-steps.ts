// SPDX-License-Identifier: Apache-2.0
import type { Instruction } from 'iced-x86';
import { disassembler } from './x86-code.js';

/** No register: none is given, or it is not one of the sixteen. */
export const NO_REGISTER = -1;

/** Registers by their number in instructions: 0 RAX, 4 RSP, 15 R15. */
export type Operand =
  | { readonly is: 'register'; readonly register: number; readonly bytes: number }
  | MemoryOperand
  | { readonly is: 'number'; readonly number: number }
  | { readonly is: 'other' };

export interface MemoryOperand {
  readonly is: 'memory';
  readonly base: number;
  readonly index: number;
  readonly displacement: number;
  readonly bytes: number;
}

/** An instruction, as far as it can change registers and memory. */
export interface Step {
  /** File offset. */
  readonly at: number;
  readonly next: number;
  readonly mnemonic: number;
  readonly flow: number;
  /** Of a direct jump or call. */
  readonly target: number;
  readonly operands: readonly Operand[];
  /** Registers that it changes in any way. */
  readonly changes: readonly number[];
  readonly stores: readonly MemoryOperand[];
}

/** Machine code, and where it is in the file. */
export interface CodePart {
  readonly code: Buffer;
  readonly offset: number;
}

/** Instructions by their file offset. Undefined where one does not decode. */
export function decodeSteps(parts: readonly CodePart[]): ReadonlyMap<number, Step> | undefined {
  const { Decoder, DecoderOptions, InstructionInfoFactory } = disassembler();
  const factory = new InstructionInfoFactory();
  const steps = new Map<number, Step>();
  try {
    for (const { code, offset } of parts) {
      const decoder = new Decoder(64, code, DecoderOptions.None);
      decoder.ip = BigInt(offset);
      try {
        while (decoder.canDecode) {
          const instruction = decoder.decode();
          try {
            if (instruction.isInvalid) return undefined;
            steps.set(Number(instruction.ip), summarize(instruction, factory));
          } finally {
            instruction.free();
          }
        }
      } finally {
        decoder.free();
      }
    }
  } finally {
    factory.free();
  }
  return steps;
}

type InfoFactory = InstanceType<ReturnType<typeof disassembler>['InstructionInfoFactory']>;

function summarize(instruction: Instruction, factory: InfoFactory): Step {
  const { OpAccess, MemorySizeExt } = disassembler();
  const info = factory.info(instruction);
  const isWrite = (access: number) =>
    [OpAccess.Write, OpAccess.CondWrite, OpAccess.ReadWrite, OpAccess.ReadCondWrite].includes(access);
  try {
    const changes = info.usedRegisters().flatMap((used) => {
      const register = isWrite(used.access) ? numberOf(used.register) : NO_REGISTER;
      used.free();
      return register === NO_REGISTER ? [] : [register];
    });
    const stores = info.usedMemory().flatMap((used): MemoryOperand[] => {
      const { base, index, displacement, memorySize, access } = used;
      used.free();
      if (!isWrite(access)) return [];
      const bytes = MemorySizeExt.size(memorySize) || 64;
      return [
        {
          is: 'memory',
          base: numberOf(base),
          index: numberOf(index),
          displacement: Number(BigInt.asIntN(64, displacement)),
          bytes,
        },
      ];
    });
    return {
      at: Number(instruction.ip),
      next: Number(instruction.nextIP),
      mnemonic: instruction.mnemonic,
      flow: instruction.flowControl,
      target: Number(instruction.nearBranchTarget),
      operands: Array.from({ length: Math.min(2, instruction.opCount) }, (_, i) => operandOf(instruction, i)),
      changes,
      stores,
    };
  } finally {
    info.free();
  }
}

function operandOf(instruction: Instruction, i: number): Operand {
  const { OpKind, RegisterExt, MemorySizeExt } = disassembler();
  const kind = instruction.opKind(i);
  if (kind === OpKind.Register) {
    const register = instruction.opRegister(i);
    const number = isHighByte(register) ? NO_REGISTER : numberOf(register);
    return number === NO_REGISTER
      ? { is: 'other' }
      : { is: 'register', register: number, bytes: RegisterExt.size(register) };
  }
  if (kind === OpKind.Memory) {
    return {
      is: 'memory',
      base: numberOf(instruction.memoryBase),
      index: numberOf(instruction.memoryIndex),
      displacement: Number(BigInt.asIntN(64, instruction.memoryDisplacement)),
      bytes: MemorySizeExt.size(instruction.memorySize),
    };
  }
  if (kind >= OpKind.Immediate8 && kind <= OpKind.Immediate32to64) {
    return { is: 'number', number: Number(BigInt.asIntN(64, instruction.immediate(i))) };
  }
  return { is: 'other' };
}

function numberOf(register: number): number {
  const { RegisterExt } = disassembler();
  return RegisterExt.isGPR(register) ? RegisterExt.number(RegisterExt.fullRegister(register)) : NO_REGISTER;
}

function isHighByte(register: number): boolean {
  const { Register } = disassembler();
  return [Register.AH, Register.CH, Register.DH, Register.BH].includes(register);
}
