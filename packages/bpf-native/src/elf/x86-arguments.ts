// SPDX-License-Identifier: Apache-2.0
import { disassembler } from './x86-code.js';
import { type CodePart, decodeSteps, NO_REGISTER, type Operand, type Step } from './x86-steps.js';
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

/**
 * The direct calls that a function can come to. Undefined where its code cannot be followed: an instruction that does not
 * decode, a jump through memory or out of the function. A place counts as known only where every way to it leaves it known; places on the stack
 * from the lowest one on whose address is taken are none.
 *
 * @param parts all code of the function: it begins with the first one, and compilers put rare cases into another one
 * @param returnsItsFirst whether what is at this file offset returns its first argument, as memcpy(3) does
 */
export function followArguments(
  parts: readonly CodePart[],
  returnsItsFirst: (target: number) => boolean,
): readonly CallSite[] | undefined {
  const steps = decodeSteps(parts);
  const [main] = parts;
  if (steps === undefined || main === undefined) return undefined;
  // Places whose address is taken can change behind the back of the code: learnt on the way, so the way is gone again.
  const exposed = new Set<number>();
  for (;;) {
    const known = exposed.size;
    const states = follow(steps, main.offset, exposed, returnsItsFirst);
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
      const value = registers[ARGUMENT_REGISTERS[argument] ?? NO_REGISTER];
      return matches(value, functionsArgument, 64) || (value?.is === 'within' && value.index === functionsArgument);
    },
    find(functionsArgument, bits) {
      const register = registers.findIndex((value) => matches(value, functionsArgument, bits));
      if (register >= 0) return { register };
      if (stackPointer?.is !== 'stack') return undefined;
      // The lowest ones may be arguments of what is called, which may change them: there they would be from the seventh on.
      const kept = [...slots].filter(([, value]) => matches(value, functionsArgument, bits)).map(([slot]) => slot);
      return kept.length > 0 ? { bytesAboveStackPointer: Math.max(...kept) - stackPointer.offset } : undefined;
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
  const registers: (Value | undefined)[] = Array.from({ length: 16 });
  for (const [index, register] of ARGUMENT_REGISTERS.entries())
    registers[register] = { is: 'argument', index, bits: 64, orNull: false };
  registers[STACK_POINTER] = { is: 'stack', offset: 0 };
  const before = new Map([[entry, new State(registers, new Map())]]);
  const pending = [entry];
  for (let visits = 0; pending.length > 0; visits++) {
    const step = steps.get(pending.pop() ?? NO_REGISTER);
    const known = step && before.get(step.at);
    if (!step || !known || visits > MAX_VISITS) return undefined;
    const after = known.copy();
    if (isCall(step)) applyCall(step, after, returnsItsFirst);
    else apply(step, after, exposed);
    const ways = waysOn(step, steps, after);
    if (ways === undefined) return undefined;
    for (const way of ways) {
      const there = before.get(way);
      if (there === undefined) before.set(way, after.copy());
      if ((there === undefined || there.meet(after)) && steps.has(way)) pending.push(way);
    }
  }
  return before;
}

/** Where it goes on; nowhere at an end of the function. Undefined where that is not known. */
function waysOn(
  { flow, next, target }: Step,
  steps: ReadonlyMap<number, Step>,
  { registers }: State,
): readonly number[] | undefined {
  const { FlowControl } = disassembler();
  const { UnconditionalBranch, ConditionalBranch, IndirectBranch, Return, Exception, Interrupt } = FlowControl;
  if (flow === IndirectBranch) return undefined;
  if (flow === UnconditionalBranch || flow === ConditionalBranch) {
    if (steps.has(target)) return flow === ConditionalBranch ? [next, target] : [target];
    const stack = registers[STACK_POINTER];
    const hasNoFrame = stack?.is === 'stack' && stack.offset === 0;
    // A call in place of a return. Other code elsewhere may come back to any place here.
    return flow === UnconditionalBranch && hasNoFrame ? [] : undefined;
  }
  return flow === Return || flow === Exception || flow === Interrupt ? [] : [next];
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
