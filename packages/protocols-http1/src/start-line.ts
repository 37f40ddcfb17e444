// SPDX-License-Identifier: Apache-2.0
import { MAX_METHOD_BYTES, SPACE } from './constants.js';

/** 1 for the characters of a token (RFC 9110 §5.6.2). */
const TOKEN = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TOKEN[character.charCodeAt(0)] = 1;
}

/** Methods that are believed where a line is a guess: none of them is the tail of another one in use that is missing here. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'PROPFIND',
  'PROPPATCH',
  'REPORT',
  'MKCOL',
]);

export function isKnownMethod(method: string): boolean {
  return KNOWN_METHODS.has(method);
}

export function isTokenCode(code: number): boolean {
  return TOKEN[code] === 1;
}

/** Whether `text` from `start` to `end` is a non-empty token. */
export function isToken(text: string, start: number, end: number): boolean {
  if (end <= start) return false;
  for (let i = start; i < end; i++) {
    if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** `HTTP/1.` and a digit at `start`, RFC 9112 §2.3. Compared by character: a call of `startsWith` costs more. */
function isVersionAt(text: string, start: number): boolean {
  return (
    text.charCodeAt(start) === 0x48 && // H
    text.charCodeAt(start + 1) === 0x54 && // T
    text.charCodeAt(start + 2) === 0x54 && // T
    text.charCodeAt(start + 3) === 0x50 && // P
    text.charCodeAt(start + 4) === 0x2f && // /
    text.charCodeAt(start + 5) === 0x31 && // 1
    text.charCodeAt(start + 6) === 0x2e && // .
    isDigit(text.charCodeAt(start + 7))
  );
}

function versionAt(text: string, start: number): string {
  const minor = text.charCodeAt(start + 7);
  if (minor === 0x31) return '1.1';
  return minor === 0x30 ? '1.0' : `1.${String.fromCharCode(minor)}`;
}

export interface RequestLine {
  readonly kind: 'request';
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
}

export interface StatusLine {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly httpVersion: string;
}

export type StartLine = RequestLine | StatusLine;

/**
 * RFC 9112 §3 and §4. A method is a token and has no slash, so no line can be both. `end` excludes the line break.
 * Spaces within the target are tolerated, as §3 allows; `isPlainTarget` tells them apart where a line is a guess.
 */
export function parseStartLine(text: string, start: number, end: number): StartLine | undefined {
  return isVersionAt(text, start) ? parseStatusLine(text, start, end) : parseRequestLine(text, start, end);
}

function parseRequestLine(text: string, start: number, end: number): RequestLine | undefined {
  const version = end - 8;
  if (version <= start || text.charCodeAt(version - 1) !== SPACE || !isVersionAt(text, version)) return undefined;
  const space = text.indexOf(' ', start);
  if (space - start > MAX_METHOD_BYTES || space >= version - 1 || !isToken(text, start, space)) return undefined;
  return {
    kind: 'request',
    method: text.slice(start, space),
    target: text.slice(space + 1, version - 1),
    httpVersion: versionAt(text, version),
  };
}

/** `start` is where the version is. */
function parseStatusLine(text: string, start: number, end: number): StatusLine | undefined {
  // "HTTP/1.1 200" is 12 long; the reason and even the space before it are left out by some servers.
  if (end - start < 12 || text.charCodeAt(start + 8) !== SPACE) return undefined;
  const hundreds = text.charCodeAt(start + 9) - 0x30;
  const tens = text.charCodeAt(start + 10) - 0x30;
  const ones = text.charCodeAt(start + 11) - 0x30;
  if (!(hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return undefined;
  if (end - start > 12 && text.charCodeAt(start + 12) !== SPACE) return undefined;
  return {
    kind: 'response',
    status: hundreds * 100 + tens * 10 + ones,
    reason: text.slice(start + 13, end),
    httpVersion: versionAt(text, start),
  };
}

/** No space or control character: what a target looks like that nobody mangled. */
export function isPlainTarget(target: string): boolean {
  if (target.length === 0) return false;
  for (let i = 0; i < target.length; i++) {
    if (target.charCodeAt(i) <= SPACE) return false;
  }
  return true;
}
