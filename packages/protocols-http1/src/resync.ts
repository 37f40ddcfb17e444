// SPDX-License-Identifier: Apache-2.0
import { LF, SPACE, TAB } from './constants.js';
import { isToken } from './start-line.js';
import { type Carries, findStartLine } from './start-line-search.js';

/** A head that was met in the middle of unknown bytes. */
export interface FoundHead {
  readonly text: string;
  readonly startNs: number;
  /** Its first byte had passed at the last `mark`. */
  readonly beganBeforeMark: boolean;
}

/** What a chunk meant for the search. `skipped`: it showed that bytes passed which belong to no head. */
export interface ResyncStep {
  readonly position: number;
  readonly found: FoundHead | undefined;
  readonly skipped: boolean;
}

interface LinePart {
  readonly text: string;
  readonly timestampNs: number;
}

/**
 * Looks for the next message in bytes whose framing is not known: after a gap, after nonsense, in a stream that was
 * joined late. Only a whole head counts: a start line, then nothing but field lines, then an empty line. Lines are
 * gathered over chunks; each is looked at a constant number of times, and no more than the longest head is kept.
 */
export class ResyncScanner {
  readonly #maxBytes: number;
  #carries: Carries = 'either';
  /** The line under way, or its tail when it is long. */
  #line: LinePart[] = [];
  #lineBytes = 0;
  #keptBytes = 0;
  /** The head under way, line breaks included; empty when there is none. */
  #head: string[] = [];
  #headBytes = 0;
  #headNs = 0;
  /** Count of bytes that had passed before it. */
  #headStart = 0;
  #passedBytes = 0;
  /** Bytes that had passed at the last `mark`. */
  #markedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Begin anew with the next byte. */
  reset(carries: Carries): void {
    this.#carries = carries;
    this.#forgetLine();
    this.#forgetHead();
  }

  /** A direction has been learnt meanwhile. */
  expect(carries: Carries): void {
    this.#carries = carries;
  }

  /** A head may be under way. */
  get hasPending(): boolean {
    return this.#lineBytes > 0 || this.#head.length > 0;
  }

  /**
   * Something happened in the other direction. Bytes that have passed by now will not be reported as skipped, should
   * that only turn out later, and a head that began among them says so.
   */
  mark(): void {
    this.#markedBytes = this.#passedBytes;
  }

  /** The lines of a head that was cut off, when its start line was there. */
  partialHead(): FoundHead | undefined {
    return this.#head.length === 0 ? undefined : this.#foundHead();
  }

  feed(bytes: Buffer, start: number, timestampNs: number): ResyncStep {
    let position = start;
    let skipped = false;
    while (position < bytes.length) {
      const lineFeed = bytes.indexOf(LF, position);
      const end = lineFeed === -1 ? bytes.length : lineFeed + 1;
      this.#gather(bytes, position, end, timestampNs);
      position = end;
      if (this.#lineBytes > this.#maxBytes) skipped = true;
      if (lineFeed === -1) break;
      const verdict = this.#endLine();
      if (verdict === 'head') return { position, found: this.#foundHead(), skipped };
      if (verdict === 'skipped') skipped = true;
    }
    return { position, found: undefined, skipped };
  }

  #foundHead(): FoundHead {
    const beganBeforeMark = this.#headStart < this.#markedBytes;
    return { text: this.#head.join(''), startNs: this.#headNs, beganBeforeMark };
  }

  #forgetLine(): void {
    this.#line = [];
    this.#lineBytes = 0;
    this.#keptBytes = 0;
  }

  #forgetHead(): void {
    this.#head = [];
    this.#headBytes = 0;
  }

  #gather(bytes: Buffer, start: number, end: number, timestampNs: number): void {
    const from = Math.max(start, end - this.#maxBytes);
    this.#line.push({ text: bytes.toString('latin1', from, end), timestampNs });
    this.#lineBytes += end - start;
    this.#keptBytes += end - from;
    this.#passedBytes += end - start;
    if (this.#headBytes + this.#lineBytes > this.#maxBytes) this.#forgetHead();
    if (this.#keptBytes > this.#maxBytes * 2) this.#dropFront();
  }

  /** Of a long line its tail is enough. Dropping only at twice the size moves each part a constant number of times. */
  #dropFront(): void {
    let dropped = 0;
    for (const part of this.#line) {
      if (this.#keptBytes - part.text.length < this.#maxBytes) break;
      this.#keptBytes -= part.text.length;
      dropped += 1;
    }
    this.#line.splice(0, dropped);
  }

  #endLine(): 'head' | 'kept' | 'skipped' {
    const parts = this.#line;
    const isLong = this.#lineBytes > this.#maxBytes;
    const whole = parts.length === 1 ? (parts[0]?.text ?? '') : parts.map((part) => part.text).join('');
    const line = isLong ? whole.slice(-this.#maxBytes) : whole;
    this.#forgetLine();
    const end = line.endsWith('\r\n') ? line.length - 2 : line.length - 1;
    const hadHead = this.#head.length > 0;
    if (hadHead) {
      if (end === 0 || isFieldLine(line, end)) {
        this.#keep(line);
        return end === 0 ? 'head' : 'kept';
      }
      this.#forgetHead();
    }
    // Empty lines between messages are no message (RFC 9112 §2.2).
    if (end === 0) return 'kept';
    const start = findStartLine(line, end, this.#carries);
    if (start === -1) return this.#passedBytes > this.#markedBytes ? 'skipped' : 'kept';
    this.#headNs = timestampAt(parts, whole.length - line.length + start);
    this.#headStart = this.#passedBytes - line.length + start;
    this.#keep(line.slice(start));
    const isSkipped = hadHead || whole.length > line.length || start > 0;
    return isSkipped && this.#headStart > this.#markedBytes ? 'skipped' : 'kept';
  }

  #keep(line: string): void {
    this.#head.push(line);
    this.#headBytes += line.length;
  }
}

function timestampAt(parts: readonly LinePart[], index: number): number {
  let end = 0;
  for (const part of parts) {
    end += part.text.length;
    if (index < end) return part.timestampNs;
  }
  return parts.at(-1)?.timestampNs ?? 0;
}

/** `name:` or the continuation of the field before (RFC 9112 §5). */
function isFieldLine(line: string, end: number): boolean {
  const first = line.charCodeAt(0);
  if (first === SPACE || first === TAB) return true;
  const colon = line.indexOf(':');
  return colon !== -1 && colon < end && isToken(line, 0, colon);
}
