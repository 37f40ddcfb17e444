// SPDX-License-Identifier: Apache-2.0
import type { Instruction } from 'iced-x86';
import { disassembler } from './x86-code.js';

/** Where a value is: in a register (its number in the encoding: 0 RAX, 4 RSP, 15 R15), or on the stack. */
export type ValuePlace = { readonly register: number } | { readonly bytesAboveStackPointer: number };

/** Of an argument, from the lowest one on. */
export type Bits = 8 | 32 | 64;

/** A direct call in a function, and what is known of the function's arguments there, whichever way led to it. */
export interface CallSite {
  /** File offset of the instruction. */
  readonly at: number;
  /** File offset of what is called. */
  readonly target: number;
  /** Whether an argument of the call, from 0, points into what an argument of the function points to. */
  passesPointerInto(argument: number, functionsArgument: number): boolean;
  /** Where the function's argument, from 0, still is, or its lower bits. One of 64 bits may have become 0 on some ways. */
  find(functionsArgument: number, bits: Bits): ValuePlace | undefined;
}

/** System V ABI, x86-64 supplement, 3.2.3: RDI, RSI, RDX, RCX, R8, R9. */
const ARGUMENT_REGISTERS = [7, 6, 2, 1, 8, 9];
/** Figure 3.4 there: what a callee need not preserve. */
const SCRATCH_REGISTERS = [0, 1, 2, 6, 7, 8, 9, 10, 11];
const RESULT = 0;
const STACK_POINTER = 4;
const FRAME_POINTER = 5;
const MAX_VISITS = 100_000;

/** What a register or a place on the stack holds, as far as it matters. */
type Value =
  /** `orNull`: on some ways it is 0 instead. */
  | { readonly is: 'argument'; readonly index: number; readonly bits: Bits; readonly orNull: boolean }
  /** A pointer to somewhere in what an argument points to. */
  | { readonly is: 'within'; readonly index: number }
  | { readonly is: 'null' }
  /** An address on the stack, from where the stack pointer was at entry. */
  | { readonly is: 'stack'; readonly offset: number };

type Operand =
  | { readonly is: 'register'; readonly register: number; readonly bytes: number }
  | MemoryOperand
  | { readonly is: 'number'; readonly number: number }
  | { readonly is: 'other' };

interface MemoryOperand {
  readonly is: 'memory';
  readonly base: number;
  readonly index: number;
  readonly displacement: number;
  readonly bytes: number;
}

interface Step {
  readonly at: number;
  readonly next: number;
  readonly mnemonic: number;
  readonly flow: number;
  readonly target: number;
  readonly operands: readonly Operand[];
  /** Registers that it changes in any way. */
  readonly changes: readonly number[];
  readonly stores: readonly MemoryOperand[];
}

/** Registers and places on the stack by their offset from the stack pointer at entry. */
class State {
  readonly registers: (Value | undefined)[];
  readonly slots: Map<number, Value>;

  constructor(registers: (Value | undefined)[], slots: Map<number, Value>) {
    this.registers = registers;
    this.slots = slots;
  }

  copy(): State {
    return new State([...this.registers], new Map(this.slots));
  }

  stackAddress({ base, index, displacement }: MemoryOperand): number | undefined {
    const value = index === NONE ? this.registers[base] : undefined;
    return value?.is === 'stack' ? value.offset + displacement : undefined;
  }

  forget(offset: number, bytes: number): void {
    for (const [at, value] of this.slots)
      if (at < offset + bytes && offset < at + bytesOf(value)) this.slots.delete(at);
  }

  /** Keeps what both know. Answers whether that is less than before. */
  meet(other: State): boolean {
    let changed = false;
    for (const [register, value] of this.registers.entries()) {
      const common = meet(value, other.registers[register]);
      if (isSame(common, value)) continue;
      this.registers[register] = common;
      changed = true;
    }
    for (const [offset, value] of this.slots) {
      const common = meet(value, other.slots.get(offset));
      if (isSame(common, value)) continue;
      if (common === undefined) this.slots.delete(offset);
      else this.slots.set(offset, common);
      changed = true;
    }
    return changed;
  }
}

const NONE = -1;

function bytesOf(value: Value): number {
  return value.is === 'argument' ? value.bits / 8 : 8;
}

function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b || a === undefined || b === undefined) return a === b;
  switch (a.is) {
    case 'argument':
      return b.is === 'argument' && a.index === b.index && a.bits === b.bits && a.orNull === b.orNull;
    case 'within':
      return b.is === 'within' && a.index === b.index;
    case 'null':
      return b.is === 'null';
    case 'stack':
      return b.is === 'stack' && a.offset === b.offset;
  }
}

function meet(a: Value | undefined, b: Value | undefined): Value | undefined {
  if (a === undefined || b === undefined || isSame(a, b)) return a && b;
  if (a.is === 'null' || b.is === 'null') return orNull(a.is === 'null' ? b : a);
  if (a.is === 'stack' || b.is === 'stack' || a.index !== b.index) return undefined;
  if (a.is === 'argument' && b.is === 'argument') {
    return { ...a, bits: Math.min(a.bits, b.bits) as Bits, orNull: a.orNull || b.orNull };
  }
  return isPointer(a) && isPointer(b) ? { is: 'within', index: a.index } : undefined;
}

function orNull(value: Value): Value | undefined {
  return value.is === 'argument' && value.bits === 64 ? { ...value, orNull: true } : undefined;
}

function isPointer(value: Value): boolean {
  return value.is === 'within' || (value.is === 'argument' && value.bits === 64);
}

/**
 * The direct calls that a function can come to. Undefined where its code cannot be followed: an instruction that does not
 * decode, a jump through memory. A place counts as known only where every way to it leaves it known; places on the stack
 * from the lowest one on whose address is taken are none.
 *
 * @param code all of the function's
 * @param offset where it is in the file
 * @param returnsItsFirst whether what is at this file offset returns its first argument, as memcpy(3) does
 */
export function followArguments(
  code: Buffer,
  offset: number,
  returnsItsFirst: (target: number) => boolean,
): readonly CallSite[] | undefined {
  const steps = decode(code, offset);
  if (steps === undefined) return undefined;
  // Places whose address is taken can change behind the back of the code: learnt on the way, so the way is gone again.
  const exposed = new Set<number>();
  for (;;) {
    const known = exposed.size;
    const states = follow(steps, offset, exposed, returnsItsFirst);
    if (states === undefined) return undefined;
    if (exposed.size > known) continue;
    const { FlowControl } = disassembler();
    return [...states].flatMap(([at, state]) => {
      const step = steps.get(at);
      return step?.flow === FlowControl.Call ? [callSite(step, state)] : [];
    });
  }
}

function callSite({ at, target }: Step, { registers, slots }: State): CallSite {
  const stackPointer = registers[STACK_POINTER];
  const matches = (value: Value | undefined, index: number, bits: number) =>
    value?.is === 'argument' && value.index === index && value.bits >= bits && (bits === 64 || !value.orNull);
  return {
    at,
    target,
    passesPointerInto(argument, functionsArgument) {
      const value = registers[ARGUMENT_REGISTERS[argument] ?? NONE];
      return matches(value, functionsArgument, 64) || (value?.is === 'within' && value.index === functionsArgument);
    },
    find(functionsArgument, bits) {
      const register = registers.findIndex((value) => matches(value, functionsArgument, bits));
      if (register >= 0) return { register };
      if (stackPointer?.is !== 'stack') return undefined;
      for (const [slot, value] of slots) {
        if (matches(value, functionsArgument, bits)) return { bytesAboveStackPointer: slot - stackPointer.offset };
      }
      return undefined;
    },
  };
}

/** What is known before each instruction that can be reached. */
function follow(
  steps: ReadonlyMap<number, Step>,
  entry: number,
  exposed: Set<number>,
  returnsItsFirst: (target: number) => boolean,
): Map<number, State> | undefined {
  const { FlowControl } = disassembler();
  const registers: (Value | undefined)[] = Array.from({ length: 16 });
  for (const [index, register] of ARGUMENT_REGISTERS.entries())
    registers[register] = { is: 'argument', index, bits: 64, orNull: false };
  registers[STACK_POINTER] = { is: 'stack', offset: 0 };
  const before = new Map([[entry, new State(registers, new Map())]]);
  const pending = [entry];
  for (let visits = 0; pending.length > 0; visits++) {
    const step = steps.get(pending.pop() ?? NONE);
    const known = step && before.get(step.at);
    if (!step || !known || visits > MAX_VISITS) return undefined;
    const after = known.copy();
    if (isCall(step)) applyCall(step, after, returnsItsFirst);
    else apply(step, after, exposed);
    const { flow, next, target } = step;
    if (flow === FlowControl.IndirectBranch) return undefined;
    const ways: number[] = [];
    const ends = [FlowControl.Return, FlowControl.UnconditionalBranch, FlowControl.Exception, FlowControl.Interrupt];
    if (!ends.includes(flow)) ways.push(next);
    // One that leads out of the function is a call that does not come back here.
    if ((flow === FlowControl.UnconditionalBranch || flow === FlowControl.ConditionalBranch) && steps.has(target))
      ways.push(target);
    for (const way of ways) {
      const there = before.get(way);
      if (there === undefined) before.set(way, after.copy());
      if ((there === undefined || there.meet(after)) && steps.has(way)) pending.push(way);
    }
  }
  return before;
}

function isCall({ flow }: Step): boolean {
  const { FlowControl } = disassembler();
  return flow === FlowControl.Call || flow === FlowControl.IndirectCall;
}

function applyCall({ flow, target }: Step, { registers }: State, returnsItsFirst: (target: number) => boolean): void {
  const { FlowControl } = disassembler();
  const first = registers[ARGUMENT_REGISTERS[0] ?? NONE];
  for (const register of SCRATCH_REGISTERS) registers[register] = undefined;
  if (flow === FlowControl.Call && returnsItsFirst(target)) registers[RESULT] = first;
}

function apply(step: Step, state: State, exposed: Set<number>): void {
  const { Mnemonic } = disassembler();
  const { mnemonic, operands, changes, stores } = step;
  const [to] = operands;
  const stack = state.registers[STACK_POINTER];
  const result = resultOf(step, state);
  const pushed = mnemonic === Mnemonic.Push && to?.is === 'register' ? state.registers[to.register] : undefined;
  const popped = mnemonic === Mnemonic.Pop && stack?.is === 'stack' ? state.slots.get(stack.offset) : undefined;

  for (const store of stores) {
    const address = state.stackAddress(store);
    if (address !== undefined) state.forget(address, store.bytes);
    else expose(state.registers[store.base], store.displacement, exposed);
  }
  for (const register of changes) state.registers[register] = undefined;
  if (stack?.is === 'stack' && (mnemonic === Mnemonic.Push || mnemonic === Mnemonic.Pop)) {
    const offset = stack.offset + (mnemonic === Mnemonic.Push ? -8 : 8);
    state.registers[STACK_POINTER] = { is: 'stack', offset };
    if (mnemonic === Mnemonic.Push) {
      state.forget(offset, 8);
      if (pushed && pushed.is !== 'stack') state.slots.set(offset, pushed);
      return;
    }
    if (to?.is === 'register' && to.register !== STACK_POINTER) state.registers[to.register] = popped;
    return;
  }
  if (result === undefined) return;
  if (to?.is === 'register') {
    state.registers[to.register] = result;
    if (to.register !== STACK_POINTER && to.register !== FRAME_POINTER) expose(result, 0, exposed);
  } else if (to?.is === 'memory' && result.is !== 'stack') {
    const address = state.stackAddress(to);
    const isSafe = address !== undefined && ![...exposed].some((start) => address >= start);
    if (isSafe) state.slots.set(address, result);
  }
}

/** Something may be changed there, or anywhere above, that the code does not show. */
function expose(base: Value | undefined, displacement: number, exposed: Set<number>): void {
  if (base?.is === 'stack') exposed.add(base.offset + displacement);
}

/** What the first operand holds afterwards, where that is known. */
function resultOf({ mnemonic, operands }: Step, state: State): Value | undefined {
  const { Mnemonic } = disassembler();
  const [to, from] = operands;
  const read = (operand: Operand | undefined): Value | undefined => {
    if (operand?.is === 'register') return narrow(state.registers[operand.register], operand.bytes);
    if (operand?.is !== 'memory') return undefined;
    const address = state.stackAddress(operand);
    return address === undefined ? undefined : narrow(state.slots.get(address), operand.bytes);
  };
  switch (mnemonic) {
    case Mnemonic.Mov:
    case Mnemonic.Movsxd:
    case Mnemonic.Movzx:
    case Mnemonic.Movsx:
      return read(from);
    case Mnemonic.Xor: {
      const isClearing =
        to?.is === 'register' && from?.is === 'register' && to.register === from.register && to.bytes >= 4;
      return isClearing ? { is: 'null' } : undefined;
    }
    case Mnemonic.Cmove:
    case Mnemonic.Cmovne:
      return meet(read(to), read(from));
    case Mnemonic.Lea: {
      if (from?.is !== 'memory' || to?.is !== 'register' || to.bytes !== 8) return undefined;
      const address = state.stackAddress(from);
      if (address !== undefined) return { is: 'stack', offset: address };
      return moved(state.registers[from.base], state.registers[from.index]);
    }
    case Mnemonic.Add:
    case Mnemonic.Sub: {
      const value = read(to);
      const isSum = mnemonic === Mnemonic.Add;
      if (value?.is === 'stack') {
        if (from?.is !== 'number') return undefined;
        return { is: 'stack', offset: value.offset + (isSum ? from.number : -from.number) };
      }
      return moved(value, isSum ? read(from) : undefined);
    }
    default:
      return undefined;
  }
}

/** A pointer that a number was added to; which of the two was the pointer must be plain. */
function moved(a: Value | undefined, b: Value | undefined): Value | undefined {
  const value = a ?? b;
  if (value === undefined || (a !== undefined && b !== undefined) || !isPointer(value)) return undefined;
  return value.is === 'argument' || value.is === 'within' ? { is: 'within', index: value.index } : undefined;
}

function narrow(value: Value | undefined, bytes: number): Value | undefined {
  if (value === undefined || bytes === 8) return value;
  if (value.is !== 'argument' || (bytes !== 4 && bytes !== 1)) return undefined;
  return { ...value, bits: Math.min(value.bits, bytes * 8) as Bits };
}

/** By file offset. */
function decode(code: Buffer, offset: number): ReadonlyMap<number, Step> | undefined {
  const { Decoder, DecoderOptions, InstructionInfoFactory } = disassembler();
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const factory = new InstructionInfoFactory();
  decoder.ip = BigInt(offset);
  const steps = new Map<number, Step>();
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
    factory.free();
    decoder.free();
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
      const register = isWrite(used.access) ? numberOf(used.register) : NONE;
      used.free();
      return register === NONE ? [] : [register];
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
    const number = numberOf(register);
    return number === NONE ? { is: 'other' } : { is: 'register', register: number, bytes: RegisterExt.size(register) };
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
  return RegisterExt.isGPR(register) ? RegisterExt.number(RegisterExt.fullRegister(register)) : NONE;
}
