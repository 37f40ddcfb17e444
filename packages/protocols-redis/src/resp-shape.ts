// SPDX-License-Identifier: Apache-2.0
import { CR, LF, Type } from './constants.js';

/** What bytes look like. `open`: more of them may decide. */
export type Shape = 'yes' | 'no' | 'open';

const DOLLAR = Type.BULK;
/** Longest name of a command; those of Redis itself have at most 20 letters. */
const MAX_NAME_BYTES = 32;
const MAX_COUNT_DIGITS = 10;
/** A command's head is never longer: `*` count, `$` length, name, three line ends. */
export const MAX_COMMAND_HEAD_BYTES = MAX_COUNT_DIGITS + MAX_NAME_BYTES + 16;
/** The first line of a reply is looked at this far. */
export const MAX_REPLY_LINE_BYTES = 512;

/** An array of bulk strings whose first one could name a command: `*2\r\n$3\r\nGET\r\n`. */
export function commandShape(bytes: Buffer, start: number): Shape {
  if (start >= bytes.length) return 'open';
  if (bytes[start] !== Type.ARRAY) return 'no';
  const count = readCount(bytes, start + 1, MAX_COUNT_DIGITS);
  if (typeof count === 'string') return count;
  if (count.value < 1) return 'no';
  if (count.end >= bytes.length) return 'open';
  if (bytes[count.end] !== DOLLAR) return 'no';
  const length = readCount(bytes, count.end + 1, 2);
  if (typeof length === 'string') return length;
  if (length.value < 1 || length.value > MAX_NAME_BYTES) return 'no';
  const end = length.end + length.value;
  for (let at = length.end; at < Math.min(end, bytes.length); at++) {
    if (!isNameCode(bytes[at] ?? 0, at === length.end)) return 'no';
  }
  return lineEndShape(bytes, end);
}

/** The name that `commandShape` saw, in upper case. */
export function commandNameAt(bytes: Buffer, start: number): string {
  const count = readCount(bytes, start + 1, MAX_COUNT_DIGITS);
  if (typeof count === 'string') return '';
  const length = readCount(bytes, count.end + 1, 2);
  if (typeof length === 'string') return '';
  return bytes.toString('latin1', length.end, length.end + length.value).toUpperCase();
}

/** A line with which a reply can begin. */
export function replyShape(bytes: Buffer): Shape {
  const type = bytes[0];
  if (type === undefined) return 'open';
  const lineFeed = bytes.subarray(0, MAX_REPLY_LINE_BYTES).indexOf(LF);
  const isOpen = lineFeed === -1;
  if (isOpen && bytes.length >= MAX_REPLY_LINE_BYTES) return 'no';
  const end = isOpen ? bytes.length : lineFeed - 1;
  if (!isOpen && (end < 1 || bytes[end] !== CR)) return 'no';
  const line = bytes.toString('latin1', 1, isOpen && bytes[end - 1] === CR ? end - 1 : end);
  if (isOpen) return couldBeLine(type, line) ? 'open' : 'no';
  if (!isLine(type, line)) return 'no';
  // What an aggregate has as its first item begins as a value does.
  const next = bytes[lineFeed + 1];
  const hasItems = isAggregate(type) && line !== '0' && line !== '-1';
  return hasItems && next !== undefined && !isType(next) ? 'no' : 'yes';
}

export function isAggregate(type: number): boolean {
  return type === Type.ARRAY || type === Type.SET || type === Type.PUSH || type === Type.MAP || type === Type.ATTRIBUTE;
}

const TYPES: ReadonlySet<number> = new Set(Object.values(Type));

export function isType(byte: number): boolean {
  return TYPES.has(byte);
}

/** Whether a value of that type can have this line, without its line end. */
export function isLine(type: number, line: string): boolean {
  switch (type) {
    case Type.SIMPLE:
      return isPlain(line);
    case Type.ERROR:
      return /^[A-Z]/.test(line) && isPlain(line);
    case Type.INTEGER:
      return /^[+-]?\d{1,19}$/.test(line);
    case Type.BULK:
      return /^(?:\d{1,15}|-1|\?)$/.test(line);
    case Type.ARRAY:
    case Type.SET:
    case Type.PUSH:
    case Type.MAP:
    case Type.ATTRIBUTE:
      return /^(?:\d{1,10}|-1|\?)$/.test(line);
    case Type.NULL:
      return line === '';
    case Type.BOOLEAN:
      return line === 't' || line === 'f';
    case Type.DOUBLE:
      return /^[+-]?(?:inf|nan|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)$/.test(line);
    case Type.BIG_NUMBER:
      return /^[+-]?\d+$/.test(line);
    case Type.BULK_ERROR:
    case Type.VERBATIM:
      return /^\d{1,15}$/.test(line);
    default:
      return false;
  }
}

/** The beginning of a line of that type. */
function couldBeLine(type: number, line: string): boolean {
  switch (type) {
    case Type.SIMPLE:
      return isPlain(line);
    case Type.ERROR:
      return isPlain(line) && (line === '' || /^[A-Z]/.test(line));
    default:
      return isType(type) && /^[\w.+?-]*$/.test(line) && line.length < 64;
  }
}

function isPlain(line: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  return !/[\u0000-\u001f\u007f]/.test(line);
}

function readCount(bytes: Buffer, start: number, maxDigits: number): { value: number; end: number } | 'no' | 'open' {
  let value = 0;
  let at = start;
  for (; at < bytes.length; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    if (at - start === maxDigits) return 'no';
    value = value * 10 + digit;
  }
  if (at === bytes.length) return 'open';
  if (at === start) return 'no';
  const shape = lineEndShape(bytes, at);
  return shape === 'yes' ? { value, end: at + 2 } : shape;
}

function lineEndShape(bytes: Buffer, at: number): Shape {
  if (at >= bytes.length) return 'open';
  if (bytes[at] !== CR) return 'no';
  if (at + 1 >= bytes.length) return 'open';
  return bytes[at + 1] === LF ? 'yes' : 'no';
}

/** Letters; from the second on also digits and what modules use, as in `FT.SEARCH`. */
function isNameCode(code: number, isFirst: boolean): boolean {
  const letter = code | 0x20;
  if (letter >= 0x61 && letter <= 0x7a) return true;
  return !isFirst && ((code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2d || code === 0x5f);
}
