// SPDX-License-Identifier: Apache-2.0
import type { FileFunction } from './elf.js';
import { disassembler, type ReadCode } from './x86-code.js';
import { NO_REGISTER, type Operand, type Step, StepReader } from './x86-steps.js';
import { type Bits, meet, moved, narrow, State, type Value } from './x86-values.js';

/** Where a value is: in a register (its number in the encoding: 0 RAX, 4 RSP, 15 R15), or on the stack. */
export type ValuePlace = { readonly register: number } | { readonly bytesAboveStackPointer: number };

/** A direct call in a function, and what is known of the function's arguments there, whichever way led to it. */
export interface CallSite {
  /** File offset of the instruction. */
  readonly at: number;
  /** File offset of what is called. */
  readonly target: number;
  /** Whether an argument of the call, from 0, points into what an argument of the function points to. */
  passesPointerInto(argument: number, functionsArgument: number): boolean;
  /**
   * Where the function's argument, from 0, still is, or its lower bits: on the stack or in a register that a callee preserves.
   * One of 64 bits may have become 0 on some ways.
   */
  find(functionsArgument: number, bits: Bits): ValuePlace | undefined;
}

/** System V ABI, x86-64 supplement, 3.2.3: RDI, RSI, RDX, RCX, R8, R9. */
const ARGUMENT_REGISTERS = [7, 6, 2, 1, 8, 9];
/** Figure 3.4 there: what a callee need not preserve. */
const SCRATCH_REGISTERS = [0, 1, 2, 6, 7, 8, 9, 10, 11];
const RESULT = 0;
const STACK_POINTER = 4;
const FRAME_POINTER = 5;
const MAX_VISITS = 10_000;

/**
 * The direct calls that a function can come to. Undefined where its code cannot be followed: an instruction that does not
 * decode, a jump through memory. A place counts as known only where every way to it leaves it known; places on the stack
 * from the lowest one on whose address is taken are none.
 *
 * @param returnsItsFirst whether what is at this file offset returns its first argument, as memcpy(3) does
 */
export function followArguments(
  readCode: ReadCode,
  { offset, bytes }: FileFunction,
  returnsItsFirst: (target: number) => boolean,
): readonly CallSite[] | undefined {
  const reader = new StepReader(readCode);
  try {
    const walk = new Walk(reader, offset, bytes, returnsItsFirst);
    return walk.calls();
  } finally {
    reader.free();
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
      const value = registers[ARGUMENT_REGISTERS[argument] ?? NO_REGISTER];
      return matches(value, functionsArgument, 64) || (value?.is === 'within' && value.index === functionsArgument);
    },
    find(functionsArgument, bits) {
      const register = registers.findIndex(
        (value, number) => !SCRATCH_REGISTERS.includes(number) && matches(value, functionsArgument, bits),
      );
      if (register >= 0) return { register };
      if (stackPointer?.is !== 'stack') return undefined;
      // The lowest ones may be arguments of what is called, which may change them: there they would be from the seventh on.
      const kept = [...slots].filter(([, value]) => matches(value, functionsArgument, bits)).map(([slot]) => slot);
      return kept.length > 0 ? { bytesAboveStackPointer: Math.max(...kept) - stackPointer.offset } : undefined;
    },
  };
}

/** Through the code of a function, from one place that is jumped to on to the next one. */
class Walk {
  readonly #reader: StepReader;
  readonly #entry: number;
  readonly #end: number;
  readonly #returnsItsFirst: (target: number) => boolean;
  readonly #leaders: ReadonlySet<number>;
  /** Places whose address is taken can change behind the back of the code. */
  readonly #exposed = new Set<number>();

  constructor(reader: StepReader, entry: number, bytes: number, returnsItsFirst: (target: number) => boolean) {
    this.#reader = reader;
    this.#entry = entry;
    this.#end = entry + bytes;
    this.#returnsItsFirst = returnsItsFirst;
    this.#leaders = findLeaders(reader, entry);
  }

  calls(): readonly CallSite[] | undefined {
    for (;;) {
      const known = this.#exposed.size;
      const before = this.#follow();
      if (before === undefined) return undefined;
      // Learnt on the way, so the way is gone again.
      if (this.#exposed.size > known) continue;
      const found: CallSite[] = [];
      const { FlowControl } = disassembler();
      for (const [at, state] of before) {
        this.#run(at, state.copy(), (step, here) => {
          if (step.flow === FlowControl.Call) found.push(callSite(step, here.copy()));
        });
      }
      return found;
    }
  }

  /** What is known at each place that is jumped to. */
  #follow(): Map<number, State> | undefined {
    const before = new Map([[this.#entry, stateAtEntry()]]);
    const pending = [this.#entry];
    let visits = 0;
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const state = before.get(at)?.copy();
      if (state === undefined || visits++ > MAX_VISITS) return undefined;
      const ways = this.#run(at, state);
      if (ways === undefined) return undefined;
      for (const way of ways) {
        const there = before.get(way);
        if (there === undefined) before.set(way, state.copy());
        if (there === undefined || there.meet(state)) pending.push(way);
      }
    }
    return before;
  }

  /** Changes the state by all instructions up to the next such place. Answers where it goes on from there. */
  #run(start: number, state: State, look?: (step: Step, before: State) => void): readonly number[] | undefined {
    for (let at = start; ; ) {
      const step = this.#reader.at(at);
      if (step === undefined) return undefined;
      look?.(step, state);
      if (isCall(step)) applyCall(step, state, this.#returnsItsFirst);
      else apply(step, state, this.#exposed);
      const ways = this.#waysOn(step, state);
      const [way] = ways ?? [];
      if (ways?.length !== 1 || way !== step.next || this.#leaders.has(way)) return ways;
      at = way;
    }
  }

  /** Nowhere at an end of the function. Undefined where that is not known. */
  #waysOn({ flow, next, target }: Step, { registers }: State): readonly number[] | undefined {
    const { FlowControl } = disassembler();
    if (flow === FlowControl.IndirectBranch) return undefined;
    if (flow === FlowControl.ConditionalBranch) return [next, target];
    if (flow === FlowControl.UnconditionalBranch) {
      // A call in place of a return. With its frame there the function goes on elsewhere: compilers put rare cases there.
      const stack = registers[STACK_POINTER];
      const isCallOfAnother =
        (target < this.#entry || target >= this.#end) && stack?.is === 'stack' && stack.offset === 0;
      return isCallOfAnother ? [] : [target];
    }
    return isEnd(flow) ? [] : [next];
  }
}

function stateAtEntry(): State {
  const registers: (Value | undefined)[] = Array.from({ length: 16 });
  for (const [index, register] of ARGUMENT_REGISTERS.entries()) {
    registers[register] = { is: 'argument', index, bits: 64, orNull: false };
  }
  registers[STACK_POINTER] = { is: 'stack', offset: 0 };
  return new State(registers, new Map());
}

/** All places that something jumps to, and those where a jump that is not made goes on. */
function findLeaders(reader: StepReader, entry: number): ReadonlySet<number> {
  const { FlowControl } = disassembler();
  const leaders = new Set([entry]);
  const pending = [entry];
  const seen = new Set<number>();
  while (pending.length > 0) {
    let at = pending.pop();
    while (at !== undefined && !seen.has(at)) {
      seen.add(at);
      const step = reader.at(at);
      if (step === undefined || isEnd(step.flow) || step.flow === FlowControl.IndirectBranch) break;
      const isConditional = step.flow === FlowControl.ConditionalBranch;
      const isJump = isConditional || step.flow === FlowControl.UnconditionalBranch;
      const found = isJump ? [step.target, ...(isConditional ? [step.next] : [])] : [];
      for (const place of found) {
        leaders.add(place);
        pending.push(place);
      }
      at = isJump ? undefined : step.next;
    }
  }
  return leaders;
}

function isEnd(flow: number): boolean {
  const { FlowControl } = disassembler();
  return flow === FlowControl.Return || flow === FlowControl.Exception || flow === FlowControl.Interrupt;
}

function isCall({ flow }: Step): boolean {
  const { FlowControl } = disassembler();
  return flow === FlowControl.Call || flow === FlowControl.IndirectCall;
}

function applyCall({ flow, target }: Step, { registers }: State, returnsItsFirst: (target: number) => boolean): void {
  const { FlowControl } = disassembler();
  const first = registers[ARGUMENT_REGISTERS[0] ?? NO_REGISTER];
  for (const register of SCRATCH_REGISTERS) registers[register] = undefined;
  if (flow === FlowControl.Call && returnsItsFirst(target)) registers[RESULT] = first;
}

function apply(step: Step, state: State, exposed: Set<number>): void {
  const { Mnemonic } = disassembler();
  const { mnemonic, operands, changes, stores } = step;
  const [to] = operands;
  const stack = state.registers[STACK_POINTER];
  const result = resultOf(step, state);

  for (const store of stores) {
    const address = state.stackAddress(store);
    if (address !== undefined) state.forget(address, store.bytes);
    else expose(state.registers[store.base], store.displacement, exposed);
  }
  for (const register of changes) state.registers[register] = undefined;
  if (stack?.is === 'stack' && (mnemonic === Mnemonic.Push || mnemonic === Mnemonic.Pop)) {
    // What is pushed is what a caller wants back, or an argument that the callee may change.
    const offset = stack.offset + (mnemonic === Mnemonic.Push ? -8 : 8);
    state.registers[STACK_POINTER] = { is: 'stack', offset };
    if (mnemonic === Mnemonic.Push) state.forget(offset, 8);
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
