// SPDX-License-Identifier: Apache-2.0
import { decodeInteger, type IntegerResult } from './integer.js';

/** A table of this many entries takes 128 KiB at least. */
const MAX_INDEX = 4096;

/**
 * Whether bytes have the shape of a header block (RFC 7541 §6) from the first to the last. Needs no table and changes
 * none: it tells header blocks from other bytes where a stream was joined late.
 */
export function looksLikeHeaderBlock(bytes: Uint8Array, start: number, end: number): boolean {
  const integer: IntegerResult = { value: 0, next: start };
  let at = start;
  while (at < end) {
    const first = bytes[at] ?? 0;
    const prefixBits = first >= 0x80 ? 7 : first >= 0x40 ? 6 : first >= 0x20 ? 5 : 4;
    if (!readInteger(bytes, at, end, prefixBits, integer)) return false;
    at = integer.next;
    const isResize = first >= 0x20 && first < 0x40;
    if (isResize) continue;
    if (integer.value > MAX_INDEX) return false;
    if (first >= 0x80) {
      if (integer.value === 0) return false;
      continue;
    }
    if (integer.value === 0) {
      at = skipString(bytes, at, end, integer, 1);
      if (at === -1) return false;
    }
    at = skipString(bytes, at, end, integer, 0);
    if (at === -1) return false;
  }
  return end > start;
}

function skipString(bytes: Uint8Array, at: number, end: number, integer: IntegerResult, minLength: number): number {
  if (at >= end || !readInteger(bytes, at, end, 7, integer)) return -1;
  const next = integer.next + integer.value;
  return integer.value < minLength || next > end ? -1 : next;
}

function readInteger(bytes: Uint8Array, at: number, end: number, prefixBits: number, integer: IntegerResult): boolean {
  const mask = (1 << prefixBits) - 1;
  const prefix = (bytes[at] ?? 0) & mask;
  if (prefix === mask) return decodeInteger(bytes, at, end, mask, integer);
  integer.value = prefix;
  integer.next = at + 1;
  return true;
}
