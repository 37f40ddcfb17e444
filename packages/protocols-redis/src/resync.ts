// SPDX-License-Identifier: Apache-2.0
import { LF } from './constants.js';
import { commandShape, MAX_COMMAND_HEAD_BYTES, MAX_REPLY_LINE_BYTES, replyShape } from './resp-shape.js';

/** Finds where messages begin again in a direction of which bytes are missing. */
export interface Resync {
  readonly skippedBytes: number;
  /** The search begins. `atBoundary`: a message may begin with the next byte. */
  begin(atBoundary: boolean): void;
  /**
   * The bytes from the first message on. What comes back may be borrowed. Undefined: not yet.
   * `isChunkStart`: the bytes are a chunk from its beginning on.
   */
  search(bytes: Buffer, isChunkStart: boolean): Buffer | undefined;
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Commands are found anywhere behind a line end: their head, with two lengths and a name that agree, is no accident, and
 * a server reads a long pipeline in pieces that begin anywhere.
 */
export class CommandResync implements Resync {
  skippedBytes = 0;
  /** Bytes that may be the beginning of a head. */
  #carry = NO_BYTES;
  #isAtBoundary = true;

  begin(atBoundary: boolean): void {
    this.skippedBytes += this.#carry.length;
    this.#carry = NO_BYTES;
    this.#isAtBoundary = atBoundary;
  }

  search(chunk: Buffer): Buffer | undefined {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    this.#carry = NO_BYTES;
    let at = this.#isAtBoundary ? 0 : nextBoundary(bytes, 0);
    while (at < bytes.length) {
      const shape = commandShape(bytes, at);
      if (shape === 'yes') {
        this.skippedBytes += at;
        return bytes.subarray(at);
      }
      if (shape === 'open' && bytes.length - at < MAX_COMMAND_HEAD_BYTES) {
        this.skippedBytes += at;
        this.#carry = Buffer.from(bytes.subarray(at));
        this.#isAtBoundary = true;
        return undefined;
      }
      at = nextBoundary(bytes, at);
    }
    this.skippedBytes += bytes.length;
    this.#isAtBoundary = bytes[bytes.length - 1] === LF;
    return undefined;
  }
}

function nextBoundary(bytes: Buffer, from: number): number {
  const lineFeed = bytes.indexOf(LF, from);
  return lineFeed === -1 ? bytes.length : lineFeed + 1;
}

/**
 * Replies are found at the beginning of a chunk only: a chunk is what one call wrote or read and often begins with one,
 * while within values there are lines that look like replies.
 */
export class ReplyResync implements Resync {
  skippedBytes = 0;
  #candidate = NO_BYTES;

  begin(_atBoundary: boolean): void {
    this.skippedBytes += this.#candidate.length;
    this.#candidate = NO_BYTES;
  }

  search(chunk: Buffer, isChunkStart: boolean): Buffer | undefined {
    if (!isChunkStart) {
      this.skippedBytes += chunk.length;
      return undefined;
    }
    const bytes = this.#candidate.length === 0 ? chunk : Buffer.concat([this.#candidate, chunk]);
    const shape = replyShape(bytes);
    if (shape === 'yes') {
      this.#candidate = NO_BYTES;
      return bytes;
    }
    if (shape === 'open' && bytes.length < MAX_REPLY_LINE_BYTES) {
      this.#candidate = Buffer.from(bytes);
      return undefined;
    }
    const known = this.#candidate.length;
    this.#candidate = NO_BYTES;
    this.skippedBytes += known;
    if (known > 0) return this.search(chunk, true);
    this.skippedBytes += chunk.length;
    return undefined;
  }
}
