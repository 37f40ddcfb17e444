// SPDX-License-Identifier: Apache-2.0
import type { HttpBody } from '../http/http-body.js';
import { headerValue } from '../http/http-flow.js';
import type { HttpRequest, HttpResponse } from '../http/http-message.js';
import { formatBytes, printable, printableLines } from './terminal-text.js';

const MAX_LINES = 24;
const MAX_LINE_LENGTH = 400;

/** The beginning of a text, or what a body is when it is not text; empty for no body. */
export function bodyLines(message: HttpRequest | HttpResponse, maxBodyBytes: number): readonly string[] {
  const { body } = message;
  if (body.size === 0) return [];
  const type = headerValue(message, 'content-type');
  const text = body.text();
  if (text === undefined) return [`[${printable(type ?? 'binary')}, ${sizeText(body)}]`];
  const excerpt = text.slice(0, maxBodyBytes);
  const all = printableLines(excerpt.endsWith('\n') ? excerpt.slice(0, -1) : excerpt);
  const lines = maxBodyBytes === 0 ? [] : all.slice(0, MAX_LINES).map(shortened);
  const isWhole = excerpt.length === text.length && all.length <= MAX_LINES && !body.truncated;
  return isWhole && !all.some(isLong) ? lines : [...lines, `[… ${sizeText(body)}]`];
}

function sizeText(body: HttpBody): string {
  const parts = [`${formatBytes(body.size)} in all`];
  if (body.truncated) parts.push(`${formatBytes(body.captured)} captured`);
  if (body.contentEncoding !== undefined) parts.push(printable(body.contentEncoding));
  return parts.join(', ');
}

function isLong(line: string): boolean {
  return line.length > MAX_LINE_LENGTH;
}

function shortened(line: string): string {
  return isLong(line) ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line;
}
