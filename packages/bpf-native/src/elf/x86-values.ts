// SPDX-License-Identifier: Apache-2.0
import { type MemoryOperand, NO_REGISTER } from './x86-steps.js';

/** Of an argument, from the lowest one on. */
export type Bits = 8 | 32 | 64;

/** What a register or a place on the stack holds, as far as it matters. */
export type Value =
  /** `orNull`: on some ways it is 0 instead. */
  | { readonly is: 'argument'; readonly index: number; readonly bits: Bits; readonly orNull: boolean }
  /** A pointer to somewhere in what an argument points to. */
  | { readonly is: 'within'; readonly index: number }
  | { readonly is: 'null' }
  /** An address on the stack, from where the stack pointer was at entry. */
  | { readonly is: 'stack'; readonly offset: number };

/** Registers and places on the stack by their offset from the stack pointer at entry. */
export class State {
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
    const value = index === NO_REGISTER ? this.registers[base] : undefined;
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

/** What is known where two ways come together. */
export function meet(a: Value | undefined, b: Value | undefined): Value | undefined {
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

function isPointer(value: Value): value is Extract<Value, { readonly index: number }> {
  return value.is === 'within' || (value.is === 'argument' && value.bits === 64);
}

/** A pointer that a number was added to; which of the two was the pointer must be plain. */
export function moved(a: Value | undefined, b: Value | undefined): Value | undefined {
  const value = a ?? b;
  if (value === undefined || (a !== undefined && b !== undefined) || !isPointer(value)) return undefined;
  return { is: 'within', index: value.index };
}

/** The lower bytes of it. */
export function narrow(value: Value | undefined, bytes: number): Value | undefined {
  if (value === undefined || bytes === 8) return value;
  if (value.is !== 'argument' || (bytes !== 4 && bytes !== 1)) return undefined;
  return { ...value, bits: Math.min(value.bits, bytes * 8) as Bits };
}
