// SPDX-License-Identifier: Apache-2.0
import type { Instruction } from 'iced-x86';
import { disassembler, immediateOf, toSigned } from '../elf/x86-code.js';
import type { GoAbi, GoCode } from './go-code.js';

/** What is needed of an instruction after the decoder's memory of it is gone. */
interface Decoded {
  readonly at: number;
  readonly mnemonic: number;
  readonly flow: number;
  /** Of a direct jump or call. */
  readonly target: number;
  readonly op0: number;
  readonly op1: number;
  readonly base: number;
  readonly displacement: number;
  readonly segment: number;
  readonly immediate: number;
  readonly storesToMemory: boolean;
}

/** The goroutine has its stack limit here: g.stackguard0 (runtime/runtime2.go). */
const STACK_GUARD = 16;
/** The stack check is among the first instructions: the frame's end is computed before it, in large frames. */
const MAX_PROLOGUE = 4;

/**
 * What a function of Go on x86-64 does. Undefined unless every byte of it decodes, every jump leads to an instruction,
 * and the stack check shows where the goroutine is kept, which tells the calling convention.
 */
export function readGoCodeX64(code: Buffer, offset: number): GoCode | undefined {
  const instructions = decode(code, offset);
  const check = instructions && findStackCheck(instructions);
  if (!instructions || !check) return undefined;
  const { FlowControl, Mnemonic } = disassembler();
  return {
    abi: check.abi,
    entry: check.jump,
    entryPlace: 'stack-check',
    returns: instructions.filter(({ mnemonic }) => mnemonic === Mnemonic.Ret).map(({ at }) => at),
    calls: instructions.filter(({ flow }) => flow === FlowControl.Call),
    goroutineSlot: check.goroutineSlot,
    frameBytes: findFrame(instructions, check),
  };
}

function decode(code: Buffer, offset: number): readonly Decoded[] | undefined {
  const { Decoder, DecoderOptions, FlowControl } = disassembler();
  const decoder = new Decoder(64, code, DecoderOptions.None);
  decoder.ip = BigInt(offset);
  const decoded: Decoded[] = [];
  try {
    while (decoder.canDecode) {
      const instruction = decoder.decode();
      try {
        if (instruction.isInvalid) return undefined;
        decoded.push(summarize(instruction));
      } finally {
        instruction.free();
      }
    }
  } finally {
    decoder.free();
  }
  const boundaries = new Set(decoded.map(({ at }) => at));
  const isJump = (flow: number) => flow === FlowControl.UnconditionalBranch || flow === FlowControl.ConditionalBranch;
  // A jump out of the function would return from somewhere else.
  return decoded.every(({ flow, target }) => !isJump(flow) || boundaries.has(target)) ? decoded : undefined;
}

function summarize(instruction: Instruction): Decoded {
  const { OpKind } = disassembler();
  return {
    at: Number(instruction.ip),
    mnemonic: instruction.mnemonic,
    flow: instruction.flowControl,
    target: Number(instruction.nearBranchTarget),
    op0: instruction.op0Register,
    op1: instruction.op1Register,
    base: instruction.memoryBase,
    displacement: toSigned(instruction.memoryDisplacement),
    segment: instruction.segmentPrefix,
    immediate: immediateOf(instruction, 1) ?? 0,
    storesToMemory: instruction.op0Kind === OpKind.Memory,
  };
}

interface StackCheck {
  readonly abi: GoAbi;
  readonly jump: number;
  readonly goroutineSlot: number;
}

/**
 * `cmp rsp, [g + 16]; jbe`, where g is in R14 (register ABI), or was just loaded into RCX from the thread's memory.
 * Before it only the end of the frame is computed, so that the arguments are untouched.
 */
function findStackCheck(instructions: readonly Decoded[]): StackCheck | undefined {
  const { Mnemonic, Register } = disassembler();
  let slot = 0;
  for (let i = 0; i < MAX_PROLOGUE; i++) {
    const { mnemonic, op0, base, displacement = 0, segment, immediate = 0 } = instructions[i] ?? {};
    const next = instructions[i + 1];
    if (mnemonic === Mnemonic.Mov && op0 === Register.RCX) {
      // `mov rcx, fs:[-8]`, or in a position-independent program `mov rcx, -8; mov rcx, fs:[rcx]`.
      if (base === Register.None) slot = segment === Register.FS ? -displacement : -immediate;
      else if (segment !== Register.FS || base !== Register.RCX) return undefined;
    } else if (mnemonic === Mnemonic.Cmp && displacement === STACK_GUARD) {
      if (next?.mnemonic !== Mnemonic.Jbe) return undefined;
      if (base === Register.R14) return { abi: 'registers', jump: next.at, goroutineSlot: 0 };
      const isSlot = base === Register.RCX && slot > 0 && slot % 8 === 0;
      return isSlot ? { abi: 'stack', jump: next.at, goroutineSlot: slot } : undefined;
    } else if (mnemonic !== Mnemonic.Lea || base !== Register.RSP) return undefined;
  }
  return undefined;
}

/**
 * The frame is made once, after the stack check. The register ABI has a place for each argument in the caller's frame,
 * as the stack ABI has (cmd/compile/abi-internal.md): RAX has to go there before the first call or jump.
 */
function findFrame(instructions: readonly Decoded[], check: StackCheck): number | undefined {
  const { FlowControl, Mnemonic, Register } = disassembler();
  const isSubtraction = ({ mnemonic, op0 }: Decoded) => mnemonic === Mnemonic.Sub && op0 === Register.RSP;
  const pushes = instructions.filter(({ mnemonic }) => mnemonic === Mnemonic.Push).length;
  const subtractions = instructions.filter(isSubtraction);
  const [subtraction] = subtractions;
  if (subtractions.length !== 1 || subtraction === undefined || pushes > 1) return undefined;
  const frame = pushes * 8 + subtraction.immediate;
  if (check.abi === 'stack') return frame;
  for (const instruction of instructions.slice(instructions.findIndex(({ at }) => at === check.jump) + 1)) {
    const { mnemonic, flow, op0, op1, base, displacement, storesToMemory } = instruction;
    if (flow !== FlowControl.Next) return undefined;
    const isStore = mnemonic === Mnemonic.Mov && storesToMemory && op1 === Register.RAX;
    if (isStore && base === Register.RSP && displacement === frame + 8) return frame;
    if (op0 === Register.RAX || op0 === Register.EAX) return undefined;
  }
  return undefined;
}
