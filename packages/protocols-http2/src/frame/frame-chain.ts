// SPDX-License-Identifier: Apache-2.0
import { Flag, FrameType } from '../constants.js';
import { looksLikeHeaderBlock } from '../hpack/block-shape.js';
import { DEFAULT_MAX_FRAME_SIZE } from '../limits.js';
import { ChainLinks } from './chain-links.js';
import { controlPoints } from './control-evidence.js';
import { FRAME_HEADER_BYTES, FrameHeader, isAllowed } from './frame-header.js';
import { blockFragment } from './payload.js';

/** Some servers allow DATA frames of this size; nobody sends other frames that exceed the default. */
const MAX_DATA_LENGTH = 1 << 20;
/** More streams than one connection ever has. */
const MAX_STREAM_ID = 1 << 28;

/** By type: flags that are defined for it (RFC 9113 §6). Senders leave the others unset. */
const DEFINED_FLAGS: readonly number[] = [0x09, 0x2d, 0x00, 0x00, 0x01, 0x0c, 0x01, 0x00, 0x00, 0x04];

/**
 * Points that make bytes frames, by where the first of them begins. `known`: where a call of a program began to write or
 * read on a connection that speaks HTTP/2; so do frames, mostly. `start`: the same on a connection of which nothing is known.
 * `anywhere`: one of thousands of places among unknown bytes, which may be any file or protocol and full of small numbers:
 * so many places find a chain by chance that few would at a start.
 */
const ENOUGH = { known: 4, start: 4, anywhere: 6 } as const;
export type ChainPlace = keyof typeof ENOUGH;

/** DATA proves least: a head of it is a small number among zeros, and records of equal size chain like frames. */
const MAX_DATA_POINTS = { known: Number.POSITIVE_INFINITY, start: Number.POSITIVE_INFINITY, anywhere: 2 } as const;

export interface FrameChain {
  /** `broken`: they are no frames. `open`: they may be; the bytes end before it is certain. `certain`: they are. */
  readonly verdict: 'broken' | 'open' | 'certain';
  /** Points: a header block or a control frame has two, and so has DATA behind the header block of its stream. */
  readonly evidence: number;
  /** The last frame ends with the bytes. */
  readonly endsExactly: boolean;
}

const BROKEN: FrameChain = { verdict: 'broken', evidence: 0, endsExactly: false };

/**
 * Whether frames follow one another from `start` on. Each must keep the rules of its type and lead to the next: this is
 * how a stream without its preface is recognised, and where a frame begins.
 */
export function readFrameChain(bytes: Uint8Array, start: number, end: number, place: ChainPlace): FrameChain {
  const links = new ChainLinks();
  const header = new FrameHeader();
  let points = 0;
  let dataPoints = 0;
  let at = start;
  while (at + FRAME_HEADER_BYTES <= end) {
    header.parse(bytes, at);
    const payload = at + FRAME_HEADER_BYTES;
    const next = payload + header.length;
    if (!isPlausible(header, bytes[at + 5] ?? 0) || !links.follows(header)) return BROKEN;
    const more = pointsOf(header, bytes, payload, next <= end, links, place);
    if (more < 0) return BROKEN;
    if (header.type === FrameType.DATA) dataPoints = Math.min(dataPoints + more, MAX_DATA_POINTS[place]);
    else points += more;
    links.add(header);
    at = next;
    const evidence = points + dataPoints;
    if (evidence >= ENOUGH[place]) return { verdict: 'certain', evidence, endsExactly: at === end };
  }
  if (at < end && !mayBeginFrame(bytes, at)) return BROKEN;
  return { verdict: 'open', evidence: points + dataPoints, endsExactly: at === end };
}

/** Whether the nine bytes from `at` on can be a frame head; cheap, since it is asked for every byte of unknown data. */
export function mayBeginFrame(bytes: Uint8Array, at: number): boolean {
  // The first byte of the length, then the type: 16 bits that are nearly always zero and below ten.
  return (bytes[at] ?? 0) <= 0x10 && (bytes[at + 3] ?? 0) < DEFINED_FLAGS.length;
}

/** Whether the points of a chain are enough at its place, with what the other direction has. */
export function isEnoughAtStart(evidence: number): boolean {
  return evidence >= ENOUGH.start;
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
function pointsOf(
  header: FrameHeader,
  bytes: Uint8Array,
  payload: number,
  isWhole: boolean,
  links: ChainLinks,
  place: ChainPlace,
): number {
  switch (header.type) {
    case FrameType.DATA:
      return place === 'known' ? links.knownDataPoints(header) : links.dataPoints(header);
    case FrameType.HEADERS:
    case FrameType.PUSH_PROMISE: {
      if (!isWhole) return 0;
      const fragment = blockFragment(header, bytes, payload);
      if (fragment === undefined) return -1;
      // A part of a block says little: its CONTINUATION does.
      if (!header.has(Flag.END_HEADERS)) return 0;
      return looksLikeHeaderBlock(bytes, fragment.start, fragment.end) ? 2 : -1;
    }
    case FrameType.CONTINUATION:
      // At the begin of a chain nothing is known of it.
      return links.endsBlock(header) ? 2 : 0;
    default:
      return isWhole ? links.controlPoints(header, controlPoints(header, bytes, payload)) : 0;
  }
}
