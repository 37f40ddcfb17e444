// SPDX-License-Identifier: Apache-2.0
import type { FaultCode } from './constants.js';
import type { Head } from './head.js';

/** How the end of a body is found. `unknown`: the head contradicts itself, so nothing tells where the next message begins. */
export type BodyMode = 'none' | 'length' | 'chunked' | 'until-close' | 'unknown';

export interface Framing {
  readonly mode: BodyMode;
  /** Length of the body in mode `length`. */
  readonly length: number;
  readonly fault: FaultCode | undefined;
  /** The request is not known, so the body may be missing although the head announces one (HEAD). */
  readonly mayLackBody: boolean;
}

const NONE = framing('none', 0, undefined);
const CHUNKED = framing('chunked', 0, undefined);
const UNTIL_CLOSE = framing('until-close', 0, undefined);

function framing(mode: BodyMode, length: number, fault: FaultCode | undefined): Framing {
  return { mode, length, fault, mayLackBody: false };
}

/** RFC 9112 §6.3 for a request. */
export function requestFraming(head: Head): Framing {
  if (head.transferEncoding === undefined) {
    return head.contentLength === undefined ? NONE : lengthFraming(head.contentLength);
  }
  return transferFraming(head, head.transferEncoding, 'unknown');
}

/** RFC 9112 §6.3 for a response; `method` is the one of its request. */
export function responseFraming(head: Head, status: number, method: string | undefined): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE;
  // §6.3 (2): a successful CONNECT turns into a tunnel, whatever its header says about a body.
  if (method === 'CONNECT' && status < 300) return NONE;
  if (head.transferEncoding !== undefined) return transferFraming(head, head.transferEncoding, 'until-close');
  return head.contentLength === undefined ? UNTIL_CLOSE : lengthFraming(head.contentLength);
}

/** For a response whose request is not known: its body is looked at before it is believed. */
export function orphanFraming(head: Head, status: number): Framing {
  const known = responseFraming(head, status, undefined);
  return known.mode === 'none' || known.mode === 'unknown' ? known : { ...known, mayLackBody: true };
}

/** §6.3 (3) and (4): Transfer-Encoding overrides Content-Length, which ought to be handled as an error. */
function transferFraming(head: Head, value: string, modeUnlessChunked: BodyMode): Framing {
  let isChunked = false;
  let fault: FaultCode | undefined;
  for (const coding of value.split(',')) {
    const name = coding.trim();
    if (name === '') continue;
    if (isChunked) fault = 'invalid-transfer-encoding';
    isChunked = name === 'chunked';
  }
  if (!isChunked && modeUnlessChunked === 'unknown') fault = 'invalid-transfer-encoding';
  if (head.contentLength !== undefined) fault ??= 'conflicting-framing';
  // §6.1: no HTTP/1.0 program knows the header, so the framing is suspect.
  if (head.start.httpVersion === '1.0') fault ??= 'unexpected-transfer-encoding';
  if (isChunked) return fault === undefined ? CHUNKED : framing('chunked', 0, fault);
  return framing(modeUnlessChunked, 0, fault);
}

/** §6.3 (5): a list of equal values counts as one; any other list is an error that cannot be recovered from. */
function lengthFraming(value: string): Framing {
  const single = parseLength(value);
  if (single !== -1) return single === 0 ? NONE : framing('length', single, undefined);
  let length = -1;
  for (const part of value.split(',')) {
    const trimmed = part.trim();
    if (trimmed === '') continue;
    const next = parseLength(trimmed);
    if (next === -1) return framing('unknown', 0, 'invalid-content-length');
    if (length !== -1 && length !== next) return framing('unknown', 0, 'conflicting-framing');
    length = next;
  }
  if (length === -1) return framing('unknown', 0, 'invalid-content-length');
  return length === 0 ? NONE : framing('length', length, undefined);
}

/** Digits only (RFC 9110 §8.6), up to what a double counts exactly; -1 for anything else. */
function parseLength(text: string): number {
  if (text.length === 0 || text.length > 16) return -1;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}
