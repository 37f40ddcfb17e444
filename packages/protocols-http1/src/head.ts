// SPDX-License-Identifier: Apache-2.0
import type { HttpHeader } from '@flowtap/core';
import { CR, type FaultCode, SPACE, TAB } from './constants.js';
import { parseStartLine, type StartLine } from './start-line.js';

const NOTED_NAMES = ['Host', 'Upgrade', 'Content-Type', 'Content-Length', 'Content-Encoding', 'Transfer-Encoding'];

interface NotedName {
  /** As most senders write it. */
  readonly usual: string;
  readonly lowerCase: string;
}

/** Names that framing, pairing and bodies need, by length: one look rules out nearly every other header. */
const NAMES_BY_LENGTH: readonly (NotedName | undefined)[] = Array.from({ length: 18 }, (_, length) => {
  const usual = NOTED_NAMES.find((name) => name.length === length);
  return usual === undefined ? undefined : { usual, lowerCase: usual.toLowerCase() };
});

/** Start line and fields of one message, RFC 9112 §2.1. */
export class Head {
  readonly start: StartLine;
  readonly headers: HttpHeader[];
  /** Index behind the empty line that ends the head. */
  end = 0;
  /** The header was there at least once; lists are joined by a comma (RFC 9110 §5.3). */
  host: string | undefined = undefined;
  upgrade: string | undefined = undefined;
  contentType: string | undefined = undefined;
  contentLength: string | undefined = undefined;
  contentEncoding: string | undefined = undefined;
  transferEncoding: string | undefined = undefined;
  fault: FaultCode | undefined = undefined;

  constructor(start: StartLine, headers: HttpHeader[]) {
    this.start = start;
    this.headers = headers;
  }

  /** The head with the same fields behind another start line. */
  withStart(start: StartLine, end: number): Head {
    const head = new Head(start, this.headers);
    head.end = end;
    head.host = this.host;
    head.upgrade = this.upgrade;
    head.contentType = this.contentType;
    head.contentLength = this.contentLength;
    head.contentEncoding = this.contentEncoding;
    head.transferEncoding = this.transferEncoding;
    head.fault = this.fault;
    return head;
  }

  /** Remember what framing needs; everything else is only listed. */
  note(name: string, value: string): void {
    if (name.length >= NAMES_BY_LENGTH.length) return;
    const known = NAMES_BY_LENGTH[name.length];
    if (known === undefined || (name.charCodeAt(0) | 0x20) !== known.lowerCase.charCodeAt(0)) return;
    if (name !== known.usual && name.toLowerCase() !== known.lowerCase) return;
    switch (known.lowerCase) {
      case 'host':
        this.host ??= value;
        break;
      case 'upgrade':
        this.upgrade = joined(this.upgrade, value);
        break;
      case 'content-type':
        this.contentType ??= value;
        break;
      case 'content-length':
        this.contentLength = joined(this.contentLength, value);
        break;
      case 'content-encoding':
        this.contentEncoding = joined(this.contentEncoding, value.toLowerCase());
        break;
      case 'transfer-encoding':
        this.transferEncoding = joined(this.transferEncoding, value.toLowerCase());
        break;
      default:
        break;
    }
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** `incomplete`: the text ends before the empty line. `malformed`: the first line is no start line. */
export type HeadResult = Head | 'incomplete' | 'malformed';

/** Parse the head that begins at `from`. The text is latin1, one character per byte. */
export function parseHead(text: string, from: number): HeadResult {
  const lineFeed = text.indexOf('\n', from);
  if (lineFeed === -1) return 'incomplete';
  const start = parseStartLine(text, from, lineEnd(text, from, lineFeed));
  if (start === undefined) return 'malformed';
  // Made here and not in the constructor: V8 learns what this literal holds, which makes parsing a tenth faster.
  const headers: HttpHeader[] = [];
  const head = new Head(start, headers);
  const end = parseFields(text, lineFeed + 1, headers, head);
  if (end === -1) return 'incomplete';
  head.end = end;
  return head;
}

/** RFC 9112 §2.2: a recipient may take a single LF as the end of a line and ignore a CR before it. */
function lineEnd(text: string, start: number, lineFeed: number): number {
  return lineFeed > start && text.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed;
}

/**
 * Field lines from `from` to the empty line (RFC 9112 §5): index behind it, or -1 when the text ends before. Each
 * character is searched once: a colon found behind the current line serves the line that it is in.
 */
export function parseFields(text: string, from: number, fields: HttpHeader[], head?: Head): number {
  let position = from;
  let colon = -1;
  for (;;) {
    const lineFeed = text.indexOf('\n', position);
    if (lineFeed === -1) return -1;
    const end = lineEnd(text, position, lineFeed);
    if (end === position) return lineFeed + 1;
    if (colon < position) {
      colon = text.indexOf(':', position);
      if (colon === -1) colon = text.length;
    }
    if (colon < end && colon > position && isVisible(text, position) && isVisible(text, colon - 1)) {
      const name = text.slice(position, colon);
      const start = text.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1;
      const isPlain = start < end && isVisible(text, start) && isVisible(text, end - 1);
      const value = isPlain ? text.slice(start, end) : trimmed(text, colon + 1, end);
      fields.push([name, value]);
      if (head !== undefined) head.note(name, value);
    } else {
      addOddLine(text, position, colon, end, fields, head);
    }
    position = lineFeed + 1;
  }
}

function isVisible(text: string, index: number): boolean {
  return text.charCodeAt(index) > SPACE;
}

/** A line that is not simply `name: value`. */
function addOddLine(
  text: string,
  start: number,
  colon: number,
  end: number,
  fields: HttpHeader[],
  head: Head | undefined,
): void {
  if (isBlank(text.charCodeAt(start))) {
    unfold(fields, trimmed(text, start, end), head);
    return;
  }
  if (head !== undefined) head.fault ??= 'malformed-header';
  // RFC 9112 §5.1: no whitespace between name and colon. Servers disagree on such a line, so it decides nothing here.
  if (colon >= end || colon === start) fields.push([text.slice(start, end), '']);
  else fields.push([text.slice(start, colon), trimmed(text, colon + 1, end)]);
}

/** RFC 9112 §5.2: obs-fold is replaced by a space. Framing fields are never folded by honest senders. */
function unfold(fields: HttpHeader[], continuation: string, head: Head | undefined): void {
  const last = fields.pop();
  if (last === undefined) {
    // RFC 9112 §2.2: whitespace between the start line and the first field: the line is ignored.
    if (head !== undefined) head.fault ??= 'malformed-header';
    return;
  }
  fields.push([last[0], last[1] === '' ? continuation : `${last[1]} ${continuation}`]);
  if (head !== undefined) head.note(last[0], continuation);
}

/** Without optional whitespace around (RFC 9110 §5.6.3). */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** The head that the complete lines of a text make; nothing when not even its first line is complete. */
export function parsePartialHead(text: string): Head | undefined {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1);
  const head = parseHead(`${lines}\n`, 0);
  return typeof head === 'string' ? undefined : head;
}
