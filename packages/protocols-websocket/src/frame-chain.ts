// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer';
import { Opcode } from './constants.js';
import { type FrameHeader, isControl, isLawful, mayBeginFrame, parseFrameHeader } from './frame-header.js';
import { unmasked } from './mask.js';

/** `broken`: they are no frames. `open`: they may be; the bytes end before it is certain. `certain`: they are. */
export type ChainVerdict = 'broken' | 'open' | 'certain';

/** Bits that random bytes would have had to guess. */
const ENOUGH_EVIDENCE = 40;
/** Three reserved bits, six of sixteen opcodes, the mask's bit: at the place where the frame before ended. */
const HEADER_EVIDENCE = 5;
/** Text in a frame: less than half of all bytes are printable. One long text under a mask is enough. */
const MAX_TEXT_EVIDENCE = 40;
/** A frame without a mask is little more than a length in front of something, as many protocols have it. */
const MIN_UNMASKED_FRAMES = 3;
/** Padding and patterns, such as zeros, can be frames by their form. */
const MIN_DISTINCT_BYTES = 10;
const MAX_FRAME_BYTES = 2 ** 30;

/** Where a message of several frames stands (RFC 6455 §5.4). */
type Fragments = 'unknown' | 'between' | 'within';

/**
 * Whether the bytes from `start` on are frames that follow one another: how a stream without its handshake is recognised,
 * and where a frame begins after a gap.
 */
export function readFrameChain(bytes: Buffer, start: number, end: number): ChainVerdict {
  let evidence = 0;
  let frames = 0;
  let fragments: Fragments = 'unknown';
  let isMasked: boolean | undefined;
  for (let at = start; at < end; ) {
    const header = parseFrameHeader(bytes, at, end);
    if (header === undefined) return mayBeginFrame(bytes, at, end) ? 'open' : 'broken';
    isMasked ??= header.mask !== undefined;
    const next = after(fragments, header);
    if (next === undefined || !isPlausible(header) || isMasked !== (header.mask !== undefined)) return 'broken';
    fragments = next;
    const payload = at + header.headerBytes;
    at = payload + header.length;
    const points = payloadEvidence(header, bytes, payload, Math.min(at, end), at <= end);
    if (points < 0) return 'broken';
    if (at <= end) frames += 1;
    evidence += HEADER_EVIDENCE + points;
    const isEnough = evidence >= ENOUGH_EVIDENCE && (isMasked || frames >= MIN_UNMASKED_FRAMES);
    if (isEnough && new Set(bytes.subarray(start, Math.min(at, end))).size >= MIN_DISTINCT_BYTES) return 'certain';
  }
  return 'open';
}

/** What the frame makes of it; undefined when it cannot come there. */
function after(fragments: Fragments, { opcode, isFinal }: FrameHeader): Fragments | undefined {
  if (isControl(opcode)) return fragments;
  if (opcode === Opcode.CONTINUATION ? fragments === 'between' : fragments === 'within') return undefined;
  return isFinal ? 'between' : 'within';
}

function isPlausible(header: FrameHeader): boolean {
  return isLawful(header) && !header.isWasteful && header.length <= MAX_FRAME_BYTES;
}

/** Points for what is there of the payload; negative when it shows that this is no frame. */
function payloadEvidence(header: FrameHeader, bytes: Buffer, start: number, end: number, isWhole: boolean): number {
  const { opcode, rsv1, mask, length } = header;
  if (opcode === Opcode.CLOSE) return length === 1 ? -1 : 0;
  if (opcode !== Opcode.TEXT || rsv1) return 0;
  const masked = bytes.subarray(start, end);
  const text = mask === undefined ? masked : unmasked(bytes, start, end, mask, 0);
  // A character may be cut in two by the end of the bytes or of the frame.
  const isCut = !isWhole || !header.isFinal;
  if (text.some(isUnprintable) || !(isUtf8(text) || (isCut && isUtf8(withoutCutCharacter(text))))) return -1;
  // Zeros would show the mask itself.
  const zeros = mask === undefined ? 0 : masked.reduce((count, byte) => (byte === 0 ? count + 1 : count), 0);
  return Math.min(text.length - zeros, MAX_TEXT_EVIDENCE);
}

function isUnprintable(byte: number): boolean {
  return byte === 0x7f || (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
}

/** RFC 3629 §3: the last lead byte and what follows it. */
function withoutCutCharacter(text: Buffer): Buffer {
  for (let back = 1; back <= 3 && back <= text.length; back++) {
    if ((text[text.length - back] ?? 0) >= 0xc0) return text.subarray(0, text.length - back);
  }
  return text;
}
