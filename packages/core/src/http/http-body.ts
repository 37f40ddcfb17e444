// SPDX-License-Identifier: Apache-2.0
import { isAscii, isUtf8 } from 'node:buffer';
import { type DecodedContent, decodeContent } from './content-coding.js';

export interface HttpBodyInit {
  readonly size: number;
  readonly truncated: boolean;
  /** Value of Content-Encoding. Absent when none. */
  readonly contentEncoding?: string | undefined;
  /** The body keeps these: they must not be borrowed. */
  readonly bytes: Buffer;
}

/** A body in the JSON of a flow: either `text` or `base64`, both without the content coding. */
export interface HttpBodyJson {
  readonly size: number;
  readonly captured: number;
  readonly truncated: boolean;
  readonly contentEncoding?: string;
  readonly text?: string;
  readonly base64?: string;
  /** Why the content coding could not be removed, or not to the end. */
  readonly decodeError?: string;
}

const EMPTY = Buffer.alloc(0);
const MARKER = Symbol.for('flowtap.http-body');

/** Decoded content, kept while its body lives. Not a field: most bodies are never decoded and stay small. */
const decodedContents = new WeakMap<HttpBody, DecodedContent>();

/**
 * A message body. Sizes count bytes after the transfer coding (chunked) was removed and before the content coding
 * (gzip …) is; `bytes` holds the captured prefix in that unit.
 */
export class HttpBody {
  readonly size: number;
  /** Not all of the body was captured. */
  readonly truncated: boolean;
  /** Value of Content-Encoding, lower case, as announced. Absent when none. */
  readonly contentEncoding: string | undefined;
  readonly bytes: Buffer;

  constructor(init: HttpBodyInit) {
    this.size = init.size;
    this.truncated = init.truncated;
    this.contentEncoding = init.contentEncoding;
    this.bytes = init.bytes;
  }

  /** Shared by all messages without a body. */
  static readonly empty = new HttpBody({ size: 0, truncated: false, bytes: EMPTY });

  /**
   * Also true for bodies of another copy of the package, which a parser may have: redaction and exporters must not pass
   * over its messages.
   */
  static isInstance(value: unknown): value is HttpBody {
    return value instanceof HttpBody || (typeof value === 'object' && value !== null && MARKER in value);
  }

  // On the prototype, so that it costs no body anything.
  get [MARKER](): true {
    return true;
  }

  /** Captured bytes. */
  get captured(): number {
    return this.bytes.length;
  }

  /**
   * The content without its content codings, at most 4 MiB of it. Computed once. Never throws: what cannot be decoded
   * comes as it is, with `error`.
   */
  decoded(): DecodedContent {
    if (this.contentEncoding === undefined) return { bytes: this.bytes, truncated: this.truncated };
    let content = decodedContents.get(this);
    if (content === undefined) {
      content = decodeContent(this.bytes, this.contentEncoding, this.truncated);
      decodedContents.set(this, content);
    }
    return content;
  }

  /** The decoded content when it is valid UTF-8. A character that a truncation cut in two is left out. */
  utf8(): Buffer | undefined {
    if (this.contentEncoding === undefined) return utf8Of(this.bytes, this.truncated);
    const { bytes, truncated, error } = this.decoded();
    return utf8Of(bytes, truncated || error !== undefined);
  }

  /** What `utf8` returns, as a string. */
  text(): string | undefined {
    const bytes = this.utf8();
    if (bytes === undefined) return undefined;
    // Latin-1 is the same text for ASCII and needs no decoder.
    return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  }

  toJSON(): HttpBodyJson {
    const text = this.text();
    const decodeError = this.contentEncoding === undefined ? undefined : this.decoded().error;
    return {
      size: this.size,
      captured: this.bytes.length,
      truncated: this.truncated,
      ...(this.contentEncoding === undefined ? {} : { contentEncoding: this.contentEncoding }),
      ...(text === undefined ? { base64: this.decoded().bytes.toString('base64') } : { text }),
      ...(decodeError === undefined ? {} : { decodeError }),
    };
  }
}

function utf8Of(bytes: Buffer, cut: boolean): Buffer | undefined {
  if (isUtf8(bytes)) return bytes;
  if (!cut) return undefined;
  const whole = bytes.subarray(0, lengthOfWholeCharacters(bytes));
  return whole.length > 0 && whole.length < bytes.length && isUtf8(whole) ? whole : undefined;
}

/** Length without an unfinished multi-byte sequence at the end (RFC 3629 §3: a lead byte and up to three more). */
function lengthOfWholeCharacters(bytes: Buffer): number {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const sequenceLength = byte < 0xc2 || byte > 0xf4 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return sequenceLength > back ? length - back : length;
  }
  return length;
}
