// SPDX-License-Identifier: Apache-2.0
import { Flag, FrameType } from '../constants.js';
import type { FrameHeader } from './frame-header.js';

const FRAME_TYPES = FrameType.CONTINUATION + 1;
/** Records of equal size look like control frames of one type, again and again: a type proves itself once. */
const MAX_CONTROL_POINTS = 2;
/** Peers send it in pairs, for the connection and for a stream. */
const MAX_WINDOW_UPDATE_POINTS = 4;

/** What frames before a frame say about it. */
export class ChainLinks {
  #lastType = -1;
  #lastStream = -1;
  #lastLength = -1;
  /** Stream of a header block that has not ended. */
  #openBlock = 0;
  /** The last stream that has ended. */
  #ended = 0;
  /** Points so far, by type. */
  #controlPoints: Uint8Array | undefined;

  /** RFC 9113 §4.3: a header block is not interrupted; §5.1: its sender ends a stream once. */
  follows({ type, streamId }: FrameHeader): boolean {
    if (this.#openBlock !== 0) return type === FrameType.CONTINUATION && streamId === this.#openBlock;
    if (type === FrameType.CONTINUATION) return this.#lastType === -1;
    return !(type <= FrameType.HEADERS && streamId === this.#ended);
  }

  add(header: FrameHeader): void {
    const { type, streamId } = header;
    const isBlock = type === FrameType.HEADERS || type === FrameType.CONTINUATION || type === FrameType.PUSH_PROMISE;
    if (isBlock) this.#openBlock = header.has(Flag.END_HEADERS) ? 0 : streamId;
    if (type <= FrameType.HEADERS && header.has(Flag.END_STREAM)) this.#ended = streamId;
    this.#lastType = type;
    this.#lastStream = streamId;
    this.#lastLength = header.length;
  }

  /** What is left of the points of a control frame. */
  controlPoints({ type, streamId }: FrameHeader, points: number): number {
    if (points <= 0) return points;
    if (type === this.#lastType && streamId === this.#lastStream) return 0;
    const most = type === FrameType.WINDOW_UPDATE ? MAX_WINDOW_UPDATE_POINTS : MAX_CONTROL_POINTS;
    this.#controlPoints ??= new Uint8Array(FRAME_TYPES);
    const before = this.#controlPoints[type] ?? 0;
    const after = Math.min(most, before + points);
    this.#controlPoints[type] = after;
    return after - before;
  }

  /** A header block that began with HEADERS ends. */
  endsBlock(header: FrameHeader): boolean {
    return this.#openBlock !== 0 && header.has(Flag.END_HEADERS);
  }

  /** DATA on the stream of the frame before: the number of a stream is hard to guess. */
  dataPoints(header: FrameHeader): number {
    if (header.streamId !== this.#lastStream || header.length === 0) return 0;
    if (this.#lastType === FrameType.HEADERS || this.#lastType === FrameType.CONTINUATION) return 2;
    // RFC 9113 §5.1.1: nearly all streams are the client's, with odd numbers. Records that repeat have equal heads.
    const isNext = this.#lastType === FrameType.DATA && header.streamId % 2 === 1;
    return isNext && header.length !== this.#lastLength ? 1 : 0;
  }
  /** The same where DATA is to be expected: a long body is made of equal frames. */
  knownDataPoints({ streamId, length }: FrameHeader): number {
    return length === 0 ? 0 : streamId === this.#lastStream ? 2 : 1;
  }
}
