// SPDX-License-Identifier: Apache-2.0
import { Flag, FrameType } from '../constants.js';
import { looksLikeHeaderBlock } from '../hpack/block-shape.js';
import { DEFAULT_MAX_FRAME_SIZE } from '../limits.js';
import { FRAME_HEADER_BYTES, FrameHeader, isAllowed } from './frame-header.js';
import { blockFragment } from './payload.js';

/** Points that make bytes frames, see `evidenceOf`. Two small control frames, or a header block and what belongs to it. */
export const ENOUGH_EVIDENCE = 4;

/** Some servers allow DATA frames of this size; nobody sends other frames that exceed the default. */
const MAX_DATA_LENGTH = 1 << 20;
/** More streams than one connection ever has. */
const MAX_STREAM_ID = 1 << 28;

/** By type: flags that are defined for it (RFC 9113 §6). Senders leave the others unset. */
const DEFINED_FLAGS: readonly number[] = [0x09, 0x2d, 0x00, 0x00, 0x01, 0x0c, 0x01, 0x00, 0x00, 0x04];

export interface FrameChain {
  /** `broken`: they are no frames. `open`: they may be; the bytes end before it is certain. `certain`: they are. */
  readonly verdict: 'broken' | 'open' | 'certain';
  readonly evidence: number;
  /** The last frame ends with the bytes. */
  readonly endsExactly: boolean;
}

const BROKEN: FrameChain = { verdict: 'broken', evidence: 0, endsExactly: false };

/**
 * Whether frames follow one another from `start` on. One head has some 30 bits that random bytes would have to guess,
 * and each must lead to the next: this is how a stream without its preface is recognised, and where a frame begins.
 */
export function readFrameChain(bytes: Uint8Array, start: number, end: number): FrameChain {
  const header = new FrameHeader();
  let evidence = 0;
  let lastStream = 0;
  let at = start;
  while (at + FRAME_HEADER_BYTES <= end) {
    header.parse(bytes, at);
    if (!isPlausible(header, bytes[at + 5] ?? 0)) return BROKEN;
    const payload = at + FRAME_HEADER_BYTES;
    const next = payload + header.length;
    const points = evidenceOf(header, bytes, payload, next <= end);
    if (points < 0) return BROKEN;
    evidence += points;
    if (header.type === FrameType.DATA && header.streamId === lastStream) evidence += 1;
    if (header.type <= FrameType.HEADERS) lastStream = header.streamId;
    at = next;
    if (evidence >= ENOUGH_EVIDENCE) return { verdict: 'certain', evidence, endsExactly: at === end };
  }
  if (at < end && !mayBeginFrame(bytes, at)) return BROKEN;
  return { verdict: 'open', evidence, endsExactly: at === end };
}

/** Whether the nine bytes from `at` on can be a frame head; cheap, since it is asked for every byte of unknown data. */
export function mayBeginFrame(bytes: Uint8Array, at: number): boolean {
  // The first byte of the length, then the type: 16 bits that are nearly always zero and below ten.
  return (bytes[at] ?? 0) <= 0x10 && (bytes[at + 3] ?? 0) < DEFINED_FLAGS.length;
}

function isPlausible(header: FrameHeader, firstStreamByte: number): boolean {
  const { type, flags, length, streamId } = header;
  const defined = DEFINED_FLAGS[type];
  if (defined === undefined || (flags & ~defined) !== 0 || firstStreamByte >= 0x80 || streamId >= MAX_STREAM_ID) {
    return false;
  }
  if (type === FrameType.HEADERS && length === 0) return false;
  return isAllowed(header, type === FrameType.DATA ? MAX_DATA_LENGTH : DEFAULT_MAX_FRAME_SIZE);
}

/** Points for one frame; negative when its payload shows that it is none. */
function evidenceOf(header: FrameHeader, bytes: Uint8Array, payload: number, isWhole: boolean): number {
  switch (header.type) {
    case FrameType.DATA:
      return 1;
    case FrameType.HEADERS:
    case FrameType.PUSH_PROMISE: {
      if (!isWhole) return 0;
      const fragment = blockFragment(header, bytes, payload);
      if (fragment === undefined) return -1;
      if (!header.has(Flag.END_HEADERS)) return 1;
      return looksLikeHeaderBlock(bytes, fragment.start, fragment.end) ? 2 : -1;
    }
    case FrameType.WINDOW_UPDATE: {
      // RFC 9113 §6.9: an increment of 0 is an error.
      if (!isWhole) return 0;
      const increment = [0, 1, 2, 3].some((i) => bytes[payload + i] !== 0);
      return increment ? 2 : -1;
    }
    case FrameType.CONTINUATION:
      return 1;
    default:
      return 2;
  }
}
