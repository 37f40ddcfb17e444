// SPDX-License-Identifier: Apache-2.0
import type { Decoder, Instruction } from 'iced-x86';
import { disassembler, immediateOf, type ReadCode, toSigned } from './x86-code.js';

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

/** Code is read in pieces of so many bytes. */
const WINDOW_BYTES = 8192;
/** No instruction is longer. */
const MAX_INSTRUCTION_BYTES = 15;
/** A function with more of them is not one that is looked into. */
const MAX_STEPS = 5000;

/** Instructions of a file, decoded when they are asked for. To be freed. */
export class StepReader {
  readonly #readCode: ReadCode;
  readonly #steps = new Map<number, Step | undefined>();
  readonly #factory = new (disassembler().InstructionInfoFactory)();
  #decoder: Decoder | undefined;
  #window = { offset: 0, bytes: 0 };

  constructor(readCode: ReadCode) {
    this.#readCode = readCode;
  }

  /** Undefined where there is no instruction, and after too many. */
  at(offset: number): Step | undefined {
    if (this.#steps.has(offset) || this.#steps.size >= MAX_STEPS) return this.#steps.get(offset);
    const decoder = this.#decoderAt(offset);
    const instruction = decoder.decode();
    try {
      const step = instruction.isInvalid ? undefined : summarize(instruction, this.#factory);
      this.#steps.set(offset, step);
      return step;
    } finally {
      instruction.free();
    }
  }

  free(): void {
    this.#decoder?.free();
    this.#factory.free();
  }

  #decoderAt(offset: number): Decoder {
    const { Decoder, DecoderOptions } = disassembler();
    const at = offset - this.#window.offset;
    if (this.#decoder === undefined || at < 0 || at + MAX_INSTRUCTION_BYTES > this.#window.bytes) {
      this.#decoder?.free();
      const code = this.#readCode(offset, WINDOW_BYTES);
      this.#decoder = new Decoder(64, code, DecoderOptions.None);
      this.#window = { offset, bytes: code.length };
    }
    this.#decoder.position = offset - this.#window.offset;
    this.#decoder.ip = BigInt(offset);
    return this.#decoder;
  }
}

type InfoFactory = InstanceType<ReturnType<typeof disassembler>['InstructionInfoFactory']>;
type Changes = Pick<Step, 'changes' | 'stores'>;

function summarize(instruction: Instruction, factory: InfoFactory): Step {
  const operands = Array.from({ length: Math.min(2, instruction.opCount) }, (_, i) => operandOf(instruction, i));
  return {
    at: Number(instruction.ip),
    next: Number(instruction.nextIP),
    mnemonic: instruction.mnemonic,
    flow: instruction.flowControl,
    target: Number(instruction.nearBranchTarget),
    operands,
    ...(plainChanges(instruction, operands[0]) ?? allChanges(instruction, factory)),
  };
}

/** Of instructions that change nothing, or their first operand and nothing else. To ask the decoder takes ten times as long. */
function plainChanges({ mnemonic, flowControl }: Instruction, to: Operand | undefined): Changes | undefined {
  const { FlowControl, Mnemonic } = disassembler();
  const { Cmp, Test, Nop, Loop, Loope, Loopne, Mov, Movzx, Movsx, Movsxd, Lea, Add, Sub, And, Or, Xor } = Mnemonic;
  const isJump = flowControl === FlowControl.ConditionalBranch || flowControl === FlowControl.UnconditionalBranch;
  if ((isJump && ![Loop, Loope, Loopne].includes(mnemonic)) || [Cmp, Test, Nop].includes(mnemonic))
    return { changes: [], stores: [] };
  if (![Mov, Movzx, Movsx, Movsxd, Lea, Add, Sub, And, Or, Xor].includes(mnemonic)) return undefined;
  if (to?.is === 'register') return { changes: [to.register], stores: [] };
  return to?.is === 'memory' ? { changes: [], stores: [to] } : undefined;
}

function allChanges(instruction: Instruction, factory: InfoFactory): Changes {
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
      const { base, index, memorySize, access } = used;
      const displacement = toSigned(used.displacement);
      used.free();
      if (!isWrite(access)) return [];
      // One of unknown size, as of a state that is saved, is larger than what matters here.
      const bytes = MemorySizeExt.size(memorySize) || 4096;
      return [{ is: 'memory', base: numberOf(base), index: numberOf(index), displacement, bytes }];
    });
    return { changes, stores };
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
      displacement: toSigned(instruction.memoryDisplacement),
      bytes: MemorySizeExt.size(instruction.memorySize),
    };
  }
  const number = immediateOf(instruction, i);
  return number === undefined ? { is: 'other' } : { is: 'number', number };
}

function numberOf(register: number): number {
  const { RegisterExt } = disassembler();
  return RegisterExt.isGPR(register) ? RegisterExt.number(RegisterExt.fullRegister(register)) : NO_REGISTER;
}

function isHighByte(register: number): boolean {
  const { Register } = disassembler();
  return [Register.AH, Register.CH, Register.DH, Register.BH].includes(register);
}
