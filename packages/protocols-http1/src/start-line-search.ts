// SPDX-License-Identifier: Apache-2.0
import { MAX_METHOD_BYTES, SPACE, TAB } from './constants.js';
import { isKnownMethod, isPlainTarget, isTokenCode, parseStartLine } from './start-line.js';

/** Which start lines a direction carries; `either` until it is known. */
export type Carries = 'request' | 'response' | 'either';

/**
 * Where in a line of unknown bytes a start line begins; -1 when nowhere. `end` excludes the line break.
 *
 * A body need not end in a line break, so a message may begin in the middle of a line. Therefore its method must be a
 * known one: of `xyzGET` nobody could say what belongs to the body. A start line behind a space is quoted text, such as
 * the value of a header.
 */
export function findStartLine(line: string, end: number, carries: Carries): number {
  if (carries !== 'request') {
    const status = line.lastIndexOf('HTTP/1.', end);
    if (status !== -1 && mayBegin(line, status) && parseStartLine(line, status, end)?.kind === 'response')
      return status;
  }
  return carries === 'response' ? -1 : findRequestLine(line, end);
}

function findRequestLine(line: string, end: number): number {
  // The last three words: method, target, version.
  const targetEnd = line.lastIndexOf(' ', end - 1);
  const methodEnd = targetEnd < 1 ? -1 : line.lastIndexOf(' ', targetEnd - 1);
  if (methodEnd < 1) return -1;
  // The longest known method, so that PROPPATCH is no PATCH.
  let found = -1;
  const first = Math.max(0, methodEnd - MAX_METHOD_BYTES);
  for (let start = methodEnd - 1; start >= first && isTokenCode(line.charCodeAt(start)); start--) {
    if (isKnownMethod(line.slice(start, methodEnd))) found = start;
  }
  if (found === -1 || !mayBegin(line, found)) return -1;
  const request = parseStartLine(line, found, end);
  return request?.kind === 'request' && isPlainTarget(request.target) ? found : -1;
}

function mayBegin(line: string, start: number): boolean {
  if (start === 0) return true;
  const before = line.charCodeAt(start - 1);
  return before !== SPACE && before !== TAB;
}
