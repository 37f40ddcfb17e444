// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer';
import type { SqlValue } from '@flowtap/core';

/** Collations of the character set latin1, which is Windows-1252. */
const LATIN1_COLLATIONS: ReadonlySet<number> = new Set([5, 8, 15, 31, 47, 48, 49, 94]);

/** Characters of Windows-1252 from 0x80 on that are others than in ISO 8859-1. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const C1 = /[\x80-\x9f]/g;

/** Text of a value; the bytes themselves where they are in a character set that is neither UTF-8 nor latin1. */
export function textValue(bytes: Buffer, collation: number): SqlValue {
  if (LATIN1_COLLATIONS.has(collation)) return windows1252(bytes);
  return isUtf8(bytes) ? bytes.toString('utf8') : Uint8Array.from(bytes);
}

/** TextDecoder takes this encoding for ISO 8859-1 in some versions of Node.js. */
function windows1252(bytes: Buffer): string {
  return bytes.toString('latin1').replace(C1, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80] ?? character);
}

/** Text that must be shown in any case, such as a statement: UTF-8, else byte for byte. */
export function shownText(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** The first bytes of a text that was cut, without a character that is not whole. */
export function cutText(bytes: Buffer, maxBytes: number): Buffer {
  let end = Math.min(bytes.length, maxBytes);
  // A character of UTF-8 has at most three bytes after its first one.
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      if (length > back) end -= back;
      break;
    }
  }
  return bytes.subarray(0, end);
}
