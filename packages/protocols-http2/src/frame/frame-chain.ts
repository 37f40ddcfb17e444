// SPDX-License-Identifier: Apache-2.0
import { Flag, FrameType } from '../constants.js';
import { looksLikeHeaderBlock } from '../hpack/block-shape.js';
import { DEFAULT_MAX_FRAME_SIZE, MAX_CONTROL_PAYLOAD } from '../limits.js';
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

/** `broken`: they are no frames. `open`: they may be; the bytes end before it is certain. `certain`: they are. */
export type ChainVerdict = 'broken' | 'open' | 'certain';

/** The head that is looked at; nothing keeps it. */
const header = new FrameHeader();

/**
 * Whether frames follow one another from a place on. Each must keep the rules of its type and lead to the next: this is
 * how a stream without its preface is recognised, and where a frame begins. Reads each frame once, as bytes arrive.
 */
export class FrameChain {
  readonly place: ChainPlace;
  #start: number;
  /** Where the next frame to read begins. */
  #next: number;
  #frames = 0;
  #points = 0;
  #dataPoints = 0;
  #endsExactly = false;
  readonly #links = new ChainLinks();

  constructor(start: number, place: ChainPlace) {
    this.place = place;
    this.#start = start;
    this.#next = start;
  }

  get start(): number {
    return this.#start;
  }

  /** Points: a header block or a control frame has two, and so has DATA behind the header block of its stream. */
  get evidence(): number {
    return this.#points + this.#dataPoints;
  }

  /** The last frame ends with the bytes that were read. */
  get endsExactly(): boolean {
    return this.#endsExactly;
  }

  /** The bytes begin that much later than they did. */
  move(by: number): void {
    this.#start -= by;
    this.#next -= by;
  }

  /** Frames that were read. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * @param bytes those of before up to `end`, and more
   * @param maxFrames to read in this call; then it is open
   */
  read(bytes: Uint8Array, end: number, maxFrames = Number.POSITIVE_INFINITY): ChainVerdict {
    this.#endsExactly = false;
    const lastFrame = this.#frames + maxFrames;
    while (this.#next + FRAME_HEADER_BYTES <= end) {
      if (this.#frames >= lastFrame) return 'open';
      if (!readPlausible(bytes, this.#next) || !this.#links.follows(header)) return 'broken';
      const payload = this.#next + FRAME_HEADER_BYTES;
      const isWhole = payload + header.length <= end;
      if (!isWhole && !tellsByHead(header)) return 'open';
      if (payload < end && isPaddedTooFar(header, bytes[payload] ?? 0)) return 'broken';
      const points = pointsOf(header, bytes, payload, this.#links, this.place);
      if (points < 0) return 'broken';
      if (header.type === FrameType.DATA) this.#addData(points);
      else this.#points += points;
      this.#links.add(header);
      this.#frames++;
      this.#next = payload + header.length;
      if (this.evidence >= ENOUGH[this.place]) return this.#end('certain', end);
    }
    if (this.#next < end && !mayBeginFrame(bytes, this.#next, end)) return 'broken';
    return this.#end('open', end);
  }

  #addData(points: number): void {
    this.#dataPoints = Math.min(this.#dataPoints + points, MAX_DATA_POINTS[this.place]);
  }

  #end(verdict: ChainVerdict, end: number): ChainVerdict {
    this.#endsExactly = this.#next === end;
    return verdict;
  }
}

/** Whether the nine bytes from `at` on are a frame head that keeps the rules of its type. */
export function isFrameHead(bytes: Uint8Array, at: number): boolean {
  return mayBeginFrame(bytes, at, at + FRAME_HEADER_BYTES) && readPlausible(bytes, at);
}

/** Whether what there is of a frame head can be one. */
function mayBeginFrame(bytes: Uint8Array, at: number, end: number): boolean {
  // The first byte of the length, then the type: 16 bits that are nearly always zero and below ten.
  return (bytes[at] ?? 0) <= 0x10 && (at + 3 >= end || (bytes[at + 3] ?? 0) < DEFINED_FLAGS.length);
}

/** Whether the points of a chain are enough at its place, with what the other direction has. */
export function isEnoughAtStart(evidence: number): boolean {
  return evidence >= ENOUGH.start;
}

/** Reads nine bytes into `header`. */
function readPlausible(bytes: Uint8Array, at: number): boolean {
  header.parse(bytes, at);
  const { type, flags, length, streamId } = header;
  const firstStreamByte = bytes[at + 5] ?? 0;
  const defined = DEFINED_FLAGS[type];
  if (defined === undefined || (flags & ~defined) !== 0 || firstStreamByte >= 0x80 || streamId >= MAX_STREAM_ID) {
    return false;
  }
  if (length === 0 && (type === FrameType.HEADERS || (type === FrameType.DATA && header.has(Flag.PADDED))))
    return false;
  if (type === FrameType.SETTINGS && length > MAX_CONTROL_PAYLOAD) return false;
  return isAllowed(header, type === FrameType.DATA ? MAX_DATA_LENGTH : DEFAULT_MAX_FRAME_SIZE);
}

/** RFC 9113 §6.1; of a header block its fragment tells. */
function isPaddedTooFar(header: FrameHeader, padding: number): boolean {
  return header.type === FrameType.DATA && header.has(Flag.PADDED) && padding >= header.length;
}

/** Frames that need no payload to count: a part of them is as good as the whole. */
function tellsByHead({ type }: FrameHeader): boolean {
  return type === FrameType.DATA || type === FrameType.CONTINUATION;
}

/** Points for one frame; negative when its payload shows that it is none. */
function pointsOf(
  header: FrameHeader,
  bytes: Uint8Array,
  payload: number,
  links: ChainLinks,
  place: ChainPlace,
): number {
  switch (header.type) {
    case FrameType.DATA:
      return place === 'known' ? links.knownDataPoints(header) : links.dataPoints(header);
    case FrameType.HEADERS:
    case FrameType.PUSH_PROMISE: {
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
      return links.controlPoints(header, controlPoints(header, bytes, payload));
  }
}
