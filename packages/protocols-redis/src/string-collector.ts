// SPDX-License-Identifier: Apache-2.0
import { isAscii, isUtf8 } from 'node:buffer';
import { BodyCollector, HttpBody, latin1 } from '@flowtap/core';
import type { RedisArgument, RedisString } from './redis-message.js';

/** Text where the bytes are valid UTF-8, else a copy of them. */
function decoded(bytes: Buffer, start: number, end: number): RedisString {
  const part = bytes.subarray(start, end);
  if (isAscii(part)) return latin1(bytes, start, end);
  return isUtf8(part) ? part.toString('utf8') : Buffer.from(part);
}

export function toRedisString({ size, truncated, bytes }: HttpBody): RedisArgument {
  if (!truncated) return decoded(bytes, 0, bytes.length);
  // A character that the end cut in two is left out.
  const kept = new HttpBody({ size, truncated, bytes }).text() ?? bytes;
  return { type: 'cut', size, kept };
}

/** Gathers one string at a time and keeps no more of it than there is room. The usual one lies in one chunk and is read there. */
export class StringCollector {
  #length: number | undefined;
  #room = 0;
  #whole: RedisString | undefined;
  #pieces: BodyCollector | undefined;

  /** `length`: undefined when only the end tells. `room`: bytes that may be kept. */
  begin(length: number | undefined, room: number): void {
    this.#length = length;
    this.#room = Math.max(0, room);
    this.#whole = undefined;
    this.#pieces = undefined;
  }

  append(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#pieces === undefined && length === this.#length && length <= this.#room) {
      this.#whole = decoded(bytes, start, end);
    } else {
      this.#collector().append(bytes, start, end);
    }
  }

  skip(length: number): void {
    this.#collector().skip(length);
  }

  /** `isCut`: more of it was to come. */
  finish(isCut: boolean): RedisArgument {
    if (this.#whole !== undefined && !isCut) return this.#whole;
    if (this.#whole === undefined && this.#pieces === undefined && !isCut) return '';
    return toRedisString(this.#collector().finish(undefined, isCut));
  }

  #collector(): BodyCollector {
    this.#pieces ??= new BodyCollector(this.#room, this.#length ?? 0);
    return this.#pieces;
  }
}

/** Bytes that are kept of a string. Characters of text are counted as one byte each. */
export function keptBytes(value: RedisArgument): number {
  return isCutString(value) ? value.kept.length : value.length;
}

/** What is kept of a string; bytes that are no text character by character. */
export function keptText(value: RedisArgument): string {
  const kept = isCutString(value) ? value.kept : value;
  return typeof kept === 'string' ? kept : Buffer.from(kept).toString('latin1');
}

export function isCutString(value: RedisArgument): value is Extract<RedisArgument, { type: 'cut' }> {
  return typeof value === 'object' && 'type' in value;
}
