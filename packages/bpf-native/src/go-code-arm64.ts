// SPDX-License-Identifier: Apache-2.0
import type { GoAbi, GoPlacement } from './go-code.js';

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
const MAX_PROLOGUE = 5;
const MAX_LITERAL_BYTES = 16;

/**
 * Where to probe a function of Go on arm64. The kernel simulates both kinds of places there: conditional branches and
 * returns (arch/arm64/kernel/probes/decode-insn.c). The stack check is the same in both calling conventions, so that
 * the Go version has to tell which one it is.
 */
export function placeGoProbesArm64(code: Buffer, abi: GoAbi | undefined): GoPlacement | undefined {
  if (abi === undefined) return undefined;
  const words = Array.from({ length: Math.floor(code.length / WORD) }, (_, i) => code.readUInt32LE(i * WORD));
  const literals = literalWords(words);
  const returns = words.flatMap((word, i) => (word === RET && !literals.has(i) ? [i * WORD] : []));
  if (returns.length === 0) return undefined;
  const jump = findStackCheck(words);
  return {
    abi,
    entry: (jump ?? 0) * WORD,
    entryPlace: jump === undefined ? 'first-byte' : 'stack-check',
    returns,
    goroutineSlot: 0,
    keepsArguments: abi === 'stack',
  };
}

/** Words that the code loads as constants: one may look like a return, and a probe on it would change its value. */
function literalWords(words: readonly number[]): ReadonlySet<number> {
  const literals = new Set<number>();
  words.forEach((word, i) => {
    if (!isLiteralLoad(word)) return;
    const distance = ((word << 8) >> 13) | 0; // imm19, sign-extended, in words
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
