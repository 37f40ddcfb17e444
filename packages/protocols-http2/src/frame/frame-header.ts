// SPDX-License-Identifier: Apache-2.0
import { Flag, FrameType } from '../constants.js';

/** RFC 9113 §4.1 */
export const FRAME_HEADER_BYTES = 9;

/** Head of the frame that a reader is at; one object per reader, used again for each frame. */
export class FrameHeader {
  length = 0;
  type = 0;
  flags = 0;
  streamId = 0;
  /** When its first byte was seen. */
  startNs = 0;
  /** When the latest of its bytes were seen. */
  endNs = 0;

  /** Takes over nine bytes. */
  parse(bytes: Uint8Array, at: number): void {
    this.length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    this.type = bytes[at + 3] as number;
    this.flags = bytes[at + 4] as number;
    // The highest bit is reserved and ignored.
    this.streamId =
      (((bytes[at + 5] as number) & 0x7f) << 24) |
      ((bytes[at + 6] as number) << 16) |
      ((bytes[at + 7] as number) << 8) |
      (bytes[at + 8] as number);
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Only HEADERS and DATA have the flag (RFC 9113 §6.1, §6.2). */
  get endsStream(): boolean {
    return (this.flags & Flag.END_STREAM) !== 0 && this.type <= FrameType.HEADERS;
  }
}

/** Whether a frame keeps the rules that every receiver enforces: size, and stream or connection (RFC 9113 §6.1 to §6.10). */
export function isAllowed({ type, length, streamId, flags }: FrameHeader, maxFrameSize: number): boolean {
  if (length > maxFrameSize) return false;
  switch (type) {
    case FrameType.DATA:
    case FrameType.HEADERS:
    case FrameType.CONTINUATION:
      return streamId !== 0;
    case FrameType.PUSH_PROMISE:
      return streamId !== 0 && length >= 4;
    case FrameType.PRIORITY:
      return streamId !== 0 && length === 5;
    case FrameType.RST_STREAM:
      return streamId !== 0 && length === 4;
    case FrameType.SETTINGS:
      return streamId === 0 && length % 6 === 0 && ((flags & 1) === 0 || length === 0);
    case FrameType.PING:
      return streamId === 0 && length === 8;
    case FrameType.GOAWAY:
      return streamId === 0 && length >= 8;
    case FrameType.WINDOW_UPDATE:
      return length === 4;
    default:
      // RFC 9113 §5.5: unknown types are ignored.
      return true;
  }
}
