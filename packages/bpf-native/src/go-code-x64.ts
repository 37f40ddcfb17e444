// SPDX-License-Identifier: Apache-2.0
import type { Instruction } from 'iced-x86';
import type { GoAbi, GoPlacement } from './go-code.js';
import { disassembler } from './x86-code.js';

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
/** A stack check is among the first instructions: the frame's end is computed before it, in large frames. */
const MAX_PROLOGUE = 4;
const MAX_FRAME_INSTRUCTIONS = 40;

/**
 * Where to probe a function of Go on x86-64. Undefined unless every byte of it decodes, every jump leads to an
 * instruction, and the stack check shows where the goroutine is kept, which tells the calling convention.
 */
export function placeGoProbesX64(code: Buffer): GoPlacement | undefined {
  const instructions = decode(code);
  if (!instructions) return undefined;
  const { Mnemonic } = disassembler();
  const returns = instructions.filter(({ mnemonic }) => mnemonic === Mnemonic.Ret).map(({ at }) => at);
  const check = findStackCheck(instructions);
  if (!check || returns.length === 0) return undefined;
  return {
    abi: check.abi,
    entry: check.jump,
    entryPlace: 'stack-check',
    returns,
    goroutineSlot: check.goroutineSlot,
    keepsArguments: check.abi === 'stack' || spillsArguments(instructions, check.jump),
  };
}

function decode(code: Buffer): readonly Decoded[] | undefined {
  const { Decoder, DecoderOptions, FlowControl } = disassembler();
  const decoder = new Decoder(64, code, DecoderOptions.None);
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
  const isImmediate = (kind: number) => kind >= OpKind.Immediate8 && kind <= OpKind.Immediate32to64;
  return {
    at: Number(instruction.ip),
    mnemonic: instruction.mnemonic,
    flow: instruction.flowControl,
    target: Number(instruction.nearBranchTarget),
    op0: instruction.op0Register,
    op1: instruction.op1Register,
    base: instruction.memoryBase,
    displacement: Number(BigInt.asIntN(64, instruction.memoryDisplacement)),
    segment: instruction.segmentPrefix,
    immediate: isImmediate(instruction.op1Kind) ? Number(BigInt.asIntN(64, instruction.immediate(1))) : 0,
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
      if (base === Register.RCX && slot > 0 && slot % 8 === 0)
        return { abi: 'stack', jump: next.at, goroutineSlot: slot };
      return undefined;
    } else if (mnemonic !== Mnemonic.Lea || base !== Register.RSP) return undefined;
  }
  return undefined;
}

/** RAX and RBX are stored above the return address, their home (Go's ABI specification), before the first call or jump. */
function spillsArguments(instructions: readonly Decoded[], stackCheck: number): boolean {
  const { FlowControl, Mnemonic, Register } = disassembler();
  const first = instructions.findIndex(({ at }) => at === stackCheck) + 1;
  const homes = new Map([
    [Register.RAX, 8],
    [Register.RBX, 16],
  ]);
  let frame = 0;
  for (const instruction of instructions.slice(first, first + MAX_FRAME_INSTRUCTIONS)) {
    const { mnemonic, flow, op0, op1, base, displacement, immediate, storesToMemory } = instruction;
    if (flow !== FlowControl.Next) return false;
    if (mnemonic === Mnemonic.Push) frame += 8;
    else if (mnemonic === Mnemonic.Sub && op0 === Register.RSP) frame += immediate;
    else if (mnemonic === Mnemonic.Mov && storesToMemory && base === Register.RSP) {
      if (homes.get(op1) === displacement - frame) homes.delete(op1);
      if (homes.size === 0) return true;
    } else if (op0 === Register.RAX || op0 === Register.RBX) return false;
  }
  return false;
}
