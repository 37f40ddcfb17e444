// SPDX-License-Identifier: Apache-2.0

const NAME = 1;
const TEXT = 2;

/** By byte: what it may be part of. */
const KINDS = new Uint8Array(256);
// RFC 9110 §5.5: visible characters, space, tab, and everything above ASCII.
for (let byte = 0; byte < 256; byte++) if ((byte >= 0x20 && byte !== 0x7f) || byte === 0x09) KINDS[byte] = TEXT;
// RFC 9110 §5.6.2: a token; RFC 9113 §8.2.1: in lower case.
for (const byte of Buffer.from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) KINDS[byte] = NAME | TEXT;

const COLON = 0x3a;

/** Whether field names of HTTP/2 look so, pseudo-header fields included. */
export function isPlausibleName(bytes: Uint8Array, start: number, end: number): boolean {
  const from = bytes[start] === COLON ? start + 1 : start;
  return end > from && isAll(NAME, bytes, from, end);
}

/** Whether field values look so: no control characters. */
export function isPlausibleText(bytes: Uint8Array, start: number, end: number): boolean {
  return isAll(TEXT, bytes, start, end);
}

function isAll(kind: number, bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (((KINDS[bytes[at] ?? 0] ?? 0) & kind) === 0) return false;
  return true;
}
