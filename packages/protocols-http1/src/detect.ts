// SPDX-License-Identifier: Apache-2.0
import type { Detection, Probe } from '@flowtap/core';
import { CR, LF, MAX_METHOD_BYTES, PROBE_BYTES, SPACE } from './constants.js';
import { isKnownMethod, isTokenCode, parseStartLine } from './start-line.js';
import { findStartLine } from './start-line-search.js';

/** `open`: more bytes may decide. `silent`: there are none yet. */
type Verdict = 'yes' | 'no' | 'open' | 'silent';

/**
 * A direction that begins with a start line is HTTP/1; whatever the other one says (a TLS alert, an SSH banner) is
 * then the answer to it.
 */
export function detect(probe: Probe): Detection {
  const ingress = judge(probe.ingress, probe.joinedLate);
  const egress = judge(probe.egress, probe.joinedLate);
  if (ingress === 'yes' || egress === 'yes') return 'match';
  if (ingress === 'open' || egress === 'open') return 'need-more';
  if (ingress === 'silent' && egress === 'silent') return 'need-more';
  // A late stream may be in the middle of one message: the other direction will begin with the next.
  if (probe.joinedLate && (ingress === 'silent' || egress === 'silent')) {
    return isForeign(probe.ingress) || isForeign(probe.egress) ? 'no-match' : 'need-more';
  }
  return 'no-match';
}

function judge(bytes: Buffer, joinedLate: boolean): Verdict {
  if (bytes.length === 0) return 'silent';
  const verdict = judgeBeginning(bytes);
  if (verdict !== 'no' || !joinedLate || isForeign(bytes)) return verdict;
  return findsStartLine(bytes) ? 'yes' : bytes.length < PROBE_BYTES ? 'open' : 'no';
}

/** A TLS record (RFC 8446 §5.1) or the preface of HTTP/2 (RFC 9113 §3.4): nothing of HTTP/1 can follow. */
function isForeign(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0;
  if (first >= 0x14 && first <= 0x18 && bytes[1] === 0x03) return true;
  return bytes.length >= 14 && bytes.toString('latin1', 0, 14) === 'PRI * HTTP/2.0';
}

function judgeBeginning(bytes: Buffer): Verdict {
  let start = 0;
  // RFC 9112 §2.2: empty lines before a start line are ignored.
  while (start < bytes.length && (bytes[start] === CR || bytes[start] === LF)) start++;
  if (start === bytes.length) return bytes.length < PROBE_BYTES ? 'open' : 'no';
  const lineFeed = bytes.indexOf(LF, start);
  if (lineFeed !== -1) {
    const end = bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
    return parseStartLine(bytes.toString('latin1', start, end), 0, end - start) === undefined ? 'no' : 'yes';
  }
  return judgeOpenLine(bytes.toString('latin1', start), bytes.length >= PROBE_BYTES);
}

/** A line that has not ended yet. */
function judgeOpenLine(line: string, isAll: boolean): Verdict {
  const status = 'HTTP/1.1 200';
  if (line.startsWith('HTTP/')) {
    for (let i = 5; i < line.length && i < status.length; i++) {
      const isDigitWanted = i === 7 || i > 8;
      if (isDigitWanted ? !isDigit(line.charCodeAt(i)) : line[i] !== status[i]) return 'no';
    }
    return line.length >= status.length ? 'yes' : 'open';
  }
  let space = 0;
  while (space < line.length && space <= MAX_METHOD_BYTES && isTokenCode(line.charCodeAt(space))) space++;
  // "HTTP/" itself may still be growing; its letters are those of a method.
  if (space === line.length) return space > MAX_METHOD_BYTES ? 'no' : 'open';
  if (space === 0 || line.charCodeAt(space) !== SPACE) return 'no';
  if (!isKnownMethod(line.slice(0, space))) return hasControl(line) || isAll ? 'no' : 'open';
  if (line.charCodeAt(space + 1) === 0x2f || line.startsWith('http', space + 1)) return hasControl(line) ? 'no' : 'yes';
  return hasControl(line) || isAll ? 'no' : 'open';
}

function findsStartLine(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  let start = 0;
  for (let lineFeed = text.indexOf('\n'); lineFeed !== -1; lineFeed = text.indexOf('\n', start)) {
    const end = text.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed;
    const line = text.slice(start, end);
    if (findStartLine(line, line.length, 'either') !== -1) return true;
    start = lineFeed + 1;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Text of a start line has no control characters; binary protocols soon do. */
function hasControl(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code < SPACE && code !== CR) return true;
  }
  return false;
}
