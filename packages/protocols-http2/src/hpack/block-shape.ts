// SPDX-License-Identifier: Apache-2.0
import { isPlausibleName, isPlausibleText } from './field-text.js';
import { decodeHuffman, huffmanRoom } from './huffman.js';
import { decodeInteger, type IntegerResult } from './integer.js';

/** A table of this many entries takes 128 KiB at least. */
const MAX_INDEX = 4096;
/** RFC 7541 Appendix A: the fields that begin with a colon come first. */
const LAST_PSEUDO_INDEX = 14;
const LAST_STATIC_INDEX = 61;
/** Strings beyond so many bytes of a block are passed over unread, so that many looks at long blocks cost little. */
const MAX_READ_BYTES = 512;
/** More than a message has: bytes that are said to be a block may be many, and so may the looks at them. */
const MAX_FIELDS = 256;

const scratch = Buffer.alloc(huffmanRoom(MAX_READ_BYTES));

/**
 * Whether bytes have the shape of a header block (RFC 7541 §6) from the first to the last, and such text in it as header
 * fields have. Needs no table and changes none: it tells header blocks from other bytes where a stream was joined late.
 */
export function looksLikeHeaderBlock(bytes: Uint8Array, start: number, end: number): boolean {
  const cursor: IntegerResult = { value: 0, next: start };
  const readEnd = start + MAX_READ_BYTES;
  let fields = 0;
  let updates = 0;
  let hasRegular = false;
  while (cursor.next < end) {
    const at = cursor.next;
    const first = bytes[at] ?? 0;
    const prefixBits = first >= 0x80 ? 7 : first >= 0x40 ? 6 : first >= 0x20 ? 5 : 4;
    if (!readInteger(bytes, at, end, prefixBits, cursor)) return false;
    if (first >= 0x20 && first < 0x40) {
      // RFC 7541 §4.2: the size of the table changes before the first field, twice at most.
      updates += 1;
      if (fields > 0 || updates > 2) return false;
      continue;
    }
    fields += 1;
    if (fields > MAX_FIELDS) return false;
    const index = cursor.value;
    if (index > MAX_INDEX || (first >= 0x80 && index === 0)) return false;
    // RFC 9113 §8.3: pseudo-header fields come before all others. What an entry of the dynamic table is, is not known.
    if (index > 0 && index <= LAST_PSEUDO_INDEX && hasRegular) return false;
    if (index > LAST_PSEUDO_INDEX && index <= LAST_STATIC_INDEX) hasRegular = true;
    if (first >= 0x80) continue;
    if (index === 0 && !passString(bytes, end, readEnd, cursor, isPlausibleName)) return false;
    if (!passString(bytes, end, readEnd, cursor, isPlausibleText)) return false;
  }
  return fields > 0;
}

/** RFC 7541 §5.2 */
function passString(
  bytes: Uint8Array,
  end: number,
  readEnd: number,
  cursor: IntegerResult,
  isPlausible: (bytes: Uint8Array, start: number, end: number) => boolean,
): boolean {
  const at = cursor.next;
  if (at >= end || !readInteger(bytes, at, end, 7, cursor)) return false;
  const start = cursor.next;
  cursor.next += cursor.value;
  if (cursor.next > end) return false;
  if (cursor.next > readEnd) return true;
  if ((bytes[at] ?? 0) < 0x80) return isPlausible(bytes, start, cursor.next);
  const textEnd = decodeHuffman(bytes, start, cursor.next, scratch, 0);
  return textEnd !== -1 && isPlausible(scratch, 0, textEnd);
}

function readInteger(bytes: Uint8Array, at: number, end: number, prefixBits: number, integer: IntegerResult): boolean {
  const mask = (1 << prefixBits) - 1;
  const prefix = (bytes[at] ?? 0) & mask;
  if (prefix === mask) return decodeInteger(bytes, at, end, mask, integer);
  integer.value = prefix;
  integer.next = at + 1;
  return true;
}
