// SPDX-License-Identifier: Apache-2.0
import { Flag, FrameType, Setting } from '../constants.js';
import type { FrameHeader } from './frame-header.js';

/** Part of a header block, without padding, priority and promised stream (RFC 9113 §6.2, §6.6, §6.10). */
export interface BlockFragment {
  readonly start: number;
  readonly end: number;
  /** PUSH_PROMISE: the stream that is promised. */
  readonly promisedId: number | undefined;
}

/** Undefined when the padding is longer than the frame (RFC 9113 §6.2). */
export function blockFragment(header: FrameHeader, bytes: Uint8Array, payload: number): BlockFragment | undefined {
  let start = payload;
  let end = payload + header.length;
  let promisedId: number | undefined;
  if (header.type !== FrameType.CONTINUATION) {
    if (header.has(Flag.PADDED)) {
      end -= bytes[start] ?? 0;
      start += 1;
    }
    if (header.type === FrameType.PUSH_PROMISE) {
      promisedId = uint31(bytes, start);
      start += 4;
    } else if (header.has(Flag.PRIORITY)) {
      start += 5;
    }
  }
  return start > end ? undefined : { start, end, promisedId };
}

/** Settings that matter to somebody who only reads (RFC 9113 §6.5.1). Absent where the frame does not name them. */
export interface Settings {
  readonly headerTableSize: number | undefined;
  readonly maxFrameSize: number | undefined;
}

export function readSettings(bytes: Uint8Array, start: number, end: number): Settings {
  let headerTableSize: number | undefined;
  let maxFrameSize: number | undefined;
  for (let at = start; at + 6 <= end; at += 6) {
    const id = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const value = uint32(bytes, at + 2);
    // Values are processed in their order: the last one of a name stays.
    if (id === Setting.HEADER_TABLE_SIZE) headerTableSize = value;
    else if (id === Setting.MAX_FRAME_SIZE) maxFrameSize = value;
  }
  return { headerTableSize, maxFrameSize };
}

export function uint32(bytes: Uint8Array, at: number): number {
  return uint31(bytes, at) + ((bytes[at] ?? 0) >= 0x80 ? 0x80000000 : 0);
}

export function uint31(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) & 0x7f) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
