// SPDX-License-Identifier: Apache-2.0
import type { HttpHeader } from '@flowtap/core';
import { type FieldSink, UNKNOWN_NAME } from './hpack/decoder.js';

const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;

/** What kind of message a header block begins, as far as its fields tell. */
export type HeadKind = 'request' | 'response' | 'trailers' | 'unknown';

/** The fields of a message's first header block (RFC 9113 §8.3). */
export class Head implements FieldSink {
  kind: HeadKind = 'unknown';
  /** Without the pseudo-header fields below; others, and repeated ones, stay. */
  readonly headers: HttpHeader[] = [];
  method: string | undefined = undefined;
  path: string | undefined = undefined;
  scheme: string | undefined = undefined;
  authority: string | undefined = undefined;
  /** 0 when unknown. */
  status = 0;
  contentEncoding: string | undefined = undefined;
  contentType: string | undefined = undefined;
  grpcEncoding: string | undefined = undefined;
  /** Some of it could not be known. */
  isIncomplete = false;

  field(field: HttpHeader): void {
    const name = field[0];
    if (name.charCodeAt(0) === COLON) {
      if (!takePseudo(this, name, field[1])) this.headers.push(field);
      return;
    }
    this.headers.push(field);
    note(this, name, field[1]);
  }

  /** There are no more fields. */
  finish(isIncomplete: boolean): void {
    this.isIncomplete = isIncomplete;
    if (this.kind === 'unknown') this.kind = kindOfFirst(this.headers);
  }
}

/** Head of a message of which no header block could be read. */
export function unknownHead(): Head {
  const head = new Head();
  head.isIncomplete = true;
  return head;
}

export function readHead(fields: readonly HttpHeader[]): Head {
  const head = new Head();
  for (const field of fields) head.field(field);
  head.finish(false);
  return head;
}

/** RFC 9113 §8.3: pseudo-header fields come first, and trailers have none. None told what message this is. */
function kindOfFirst([first]: readonly HttpHeader[]): HeadKind {
  return first === undefined || first[0] === UNKNOWN_NAME || first[0].charCodeAt(0) === COLON ? 'unknown' : 'trailers';
}

function takePseudo(head: Head, name: string, value: string): boolean {
  switch (name) {
    case ':method':
      if (head.method !== undefined) return false;
      head.kind = 'request';
      head.method = value;
      return true;
    case ':path':
      if (head.path !== undefined) return false;
      head.kind = 'request';
      head.path = value;
      return true;
    case ':scheme':
      if (head.scheme !== undefined) return false;
      head.kind = 'request';
      head.scheme = value;
      return true;
    case ':authority':
      if (head.authority !== undefined) return false;
      head.kind = 'request';
      head.authority = value;
      return true;
    case ':status': {
      const status = statusOf(value);
      if (head.status !== 0 || status === 0) return false;
      head.kind = 'response';
      head.status = status;
      return true;
    }
    default:
      // Such as :protocol (RFC 8441 §4).
      return false;
  }
}

/** RFC 9110 §15: three digits; 0 for anything else. */
function statusOf(value: string): number {
  const isStatus = value.length === 3 && isDigit(value, 0) && isDigit(value, 1) && isDigit(value, 2);
  return isStatus && value.charCodeAt(0) !== ZERO ? Number(value) : 0;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= ZERO && code <= NINE;
}

function note(head: Head, name: string, value: string): void {
  switch (name.length) {
    case 12:
      if (name === 'content-type') head.contentType ??= value;
      return;
    case 13:
      if (name === 'grpc-encoding') head.grpcEncoding ??= value.toLowerCase();
      return;
    case 16:
      if (name === 'content-encoding') {
        const coding = value.toLowerCase();
        head.contentEncoding = head.contentEncoding === undefined ? coding : `${head.contentEncoding}, ${coding}`;
      }
      return;
    case 4:
      // RFC 9113 §8.3.1: where there is no :authority.
      if (name === 'host') head.authority ??= value;
      return;
    default:
      return;
  }
}
