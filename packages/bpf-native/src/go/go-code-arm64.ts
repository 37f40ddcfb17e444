// SPDX-License-Identifier: Apache-2.0
import type { GoAbi, GoCode } from './go-code.js';

// A64 instructions, Arm Architecture Reference Manual, chapter C6. All are four bytes long.
const WORD = 4;
const RET = 0xd65f03c0;
/** `ldr x16, [x28, #16]`: the goroutine is in X28, its stack limit at 16. */
const LOAD_STACK_GUARD = 0xf9400b90;
const isBranchLowerOrSame = (word: number) => (word & 0xff00001f) >>> 0 === 0x54000009;
/** LDR (literal) and its kin. */
const isLiteralLoad = (word: number) => (word & 0x3b000000) >>> 0 === 0x18000000;
/** Between the two: `mov x17, sp`, `sub x17, sp, #frame`, `cmp x17, x16`, `cmp sp, x16`. */
const isStackComparison = (word: number) =>
  word === 0x910003f1 || (word & 0xff8003ff) >>> 0 === 0xd10003f1 || word === 0xeb10023f || word === 0xeb3063ff;
const isCall = (word: number) => (word & 0xfc000000) >>> 0 === 0x94000000;
const MAX_PROLOGUE = 5;
const MAX_LITERAL_BYTES = 16;

/**
 * What a function of Go on arm64 does. The stack check is the same in both calling conventions, so that the Go version
 * has to tell which one it is. The kernel simulates calls, returns and conditional branches under a probe
 * (arch/arm64/kernel/probes/decode-insn.c).
 */
export function readGoCodeArm64(code: Buffer, offset: number, abi: GoAbi | undefined): GoCode | undefined {
  if (abi === undefined) return undefined;
  const words = Array.from({ length: Math.floor(code.length / WORD) }, (_, i) => code.readUInt32LE(i * WORD));
  const literals = literalWords(words);
  const places = (is: (word: number) => boolean) =>
    words.flatMap((word, i) => (is(word) && !literals.has(i) ? [{ word, at: offset + i * WORD }] : []));
  const jump = findStackCheck(words);
  return {
    abi,
    entry: offset + (jump ?? 0) * WORD,
    entryPlace: jump === undefined ? 'first-byte' : 'stack-check',
    returns: places((word) => word === RET).map(({ at }) => at),
    // imm26, sign-extended, in words
    calls: places(isCall).map(({ word, at }) => ({ at, target: at + ((word << 6) >> 6) * WORD })),
    goroutineSlot: 0,
    frameBytes: undefined,
  };
}

/** Words that the code loads as constants: one may look like a return, and a probe on it would change its value. */
function literalWords(words: readonly number[]): ReadonlySet<number> {
  const literals = new Set<number>();
  words.forEach((word, i) => {
    if (!isLiteralLoad(word)) return;
    const distance = (word << 8) >> 13; // imm19, sign-extended, in words
    for (let at = 0; at < MAX_LITERAL_BYTES / WORD; at++) literals.add(i + distance + at);
  });
  return literals;
}

function findStackCheck(words: readonly number[]): number | undefined {
  if (words[0] !== LOAD_STACK_GUARD) return undefined;
  for (let i = 1; i < MAX_PROLOGUE; i++) {
    const word = words[i] ?? 0;
    if (isBranchLowerOrSame(word)) return i;
    if (!isStackComparison(word)) return undefined;
  }
  return undefined;
}
