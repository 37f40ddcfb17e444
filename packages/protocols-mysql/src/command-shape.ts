// SPDX-License-Identifier: Apache-2.0
import { CommandByte, commandOf } from './commands.js';
import { HEADER_BYTES, PROBE_BYTES } from './constants.js';
import type { Beginning } from './packets/message.js';

/** Characters of a statement that are looked at. */
const SHOWN_BYTES = 48;
const MIN_SHOWN_BYTES = 4;

/** How sure it is that a client begins a command here. `weak`: few bytes that fit, which other protocols may have too. */
export type CommandShape = 'certain' | 'weak' | Exclude<Beginning, 'yes'>;

/** Lengths of commands whose length is always the same. */
const LENGTHS: Readonly<Record<number, number>> = {
  [CommandByte.QUIT]: 1,
  [CommandByte.REFRESH]: 2,
  [CommandByte.STATISTICS]: 1,
  [CommandByte.PROCESS_INFO]: 1,
  [CommandByte.PROCESS_KILL]: 5,
  [CommandByte.DEBUG]: 1,
  [CommandByte.PING]: 1,
  [CommandByte.CLOSE]: 5,
  [CommandByte.RESET]: 5,
  [CommandByte.SET_OPTION]: 3,
  [CommandByte.FETCH]: 9,
  [CommandByte.RESET_CONNECTION]: 1,
};

/** Judges the first bytes of a chunk. */
export function commandShape(bytes: Buffer): CommandShape {
  if (bytes.length > 3 && bytes[3] !== 0) return 'no';
  if (bytes.length <= HEADER_BYTES) return 'more';
  const length = bytes.readUIntLE(0, 3);
  const byte = bytes[HEADER_BYTES] ?? 0;
  if (length === 0 || commandOf(byte) === undefined) return 'no';
  if (byte === CommandByte.QUERY || byte === CommandByte.PREPARE) return statementShape(bytes, length);
  if (byte === CommandByte.EXECUTE) return executionShape(bytes, length);
  const known = LENGTHS[byte];
  if (known !== undefined && known !== length) return 'no';
  const end = Math.min(HEADER_BYTES + length, PROBE_BYTES);
  if (bytes.length <= end) return bytes.length === end || known !== undefined ? 'weak' : 'more';
  // What follows must be a command again.
  const next = commandShape(bytes.subarray(end));
  return next === 'more' ? 'weak' : next;
}

/** A number of statement, flags, and how often it is to be executed, which is always once. */
function executionShape(bytes: Buffer, length: number): CommandShape {
  if (length < 10) return 'no';
  const from = HEADER_BYTES + 5;
  const expected = [undefined, 1, 0, 0, 0];
  for (const [i, byte] of expected.entries()) {
    const found = bytes[from + i];
    if (found === undefined) return 'more';
    if (byte === undefined ? found > 0x0f : found !== byte) return 'no';
  }
  return 'certain';
}

/** Words, perhaps behind the number of attributes and the number 1. */
function statementShape(bytes: Buffer, length: number): CommandShape {
  let at = HEADER_BYTES + 1;
  if (at >= bytes.length && length > 1) return 'more';
  if (bytes[HEADER_BYTES] === CommandByte.QUERY && (bytes[at] ?? 0xff) < 0x09) {
    if (at + 1 >= bytes.length) return 'more';
    if (bytes[at + 1] !== 1) return 'no';
    // Behind attributes the words lie too far away.
    if (bytes[at] !== 0) return 'weak';
    at += 2;
  }
  const end = HEADER_BYTES + length;
  if (end - at < MIN_SHOWN_BYTES || !beginsStatement(bytes[at])) return at < bytes.length || at >= end ? 'no' : 'more';
  for (let shown = at; shown < Math.min(end, at + SHOWN_BYTES); shown++) {
    if (shown >= bytes.length) return 'more';
    if (!isText(bytes[shown] ?? 0)) return 'no';
  }
  return 'certain';
}

/** A letter, or what can stand before one: space, a bracket, a comment. */
function beginsStatement(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return isLetter || ' \t\r\n(/-#'.includes(String.fromCharCode(byte));
}

function isText(byte: number): boolean {
  return byte >= 0x20 ? byte !== 0x7f : byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
