// SPDX-License-Identifier: Apache-2.0
import type { Detection, Probe } from '@flowtap/core';
import { FrameType, PREFACE } from './constants.js';
import { FrameChain, isEnoughAtStart, isFrameHead } from './frame/frame-chain.js';
import { FRAME_HEADER_BYTES, FrameHeader } from './frame/frame-header.js';

/** Bounds the work where each byte of a probe may begin a frame. */
const MAX_PROBED_FRAMES = 64;

/** The client's preface decides (RFC 9113 §3.4). A stream that was joined late is known by frames that follow one another. */
export function detect(probe: Probe): Detection {
  const { ingress, egress, joinedLate } = probe;
  const beginnings = [prefaceIn(ingress), prefaceIn(egress)];
  if (beginnings.includes('whole')) return 'match';
  if (joinedLate) return detectLate(ingress, egress, beginnings);
  if (beginnings.includes('part')) return 'need-more';
  // The server may be the first to be seen: it begins with SETTINGS, and its client with the preface.
  const isServerFirst =
    (ingress.length === 0 && mayBeServerPreface(egress)) || (egress.length === 0 && mayBeServerPreface(ingress));
  return isServerFirst ? 'need-more' : 'no-match';
}

function prefaceIn(bytes: Buffer): 'whole' | 'part' | 'none' {
  const length = Math.min(bytes.length, PREFACE.length);
  if (length === 0 || bytes.compare(PREFACE, 0, length, 0, length) !== 0) return 'none';
  return length === PREFACE.length ? 'whole' : 'part';
}

function mayBeServerPreface(bytes: Buffer): boolean {
  if (bytes.length === 0) return true;
  // SETTINGS: six bytes each, no flags, stream 0.
  const expected = [0, 0, -1, FrameType.SETTINGS, 0, 0, 0, 0, 0];
  return expected.every((byte, i) => byte === -1 || i >= bytes.length || bytes[i] === byte);
}

function detectLate(ingress: Buffer, egress: Buffer, beginnings: readonly string[]): Detection {
  let evidence = 0;
  let isOpen = beginnings.includes('part');
  for (const bytes of [ingress, egress]) {
    if (bytes.length === 0) continue;
    const chain = new FrameChain(0, 'start');
    const verdict = chain.read(bytes, bytes.length);
    if (verdict === 'certain') return 'match';
    if (verdict === 'open') {
      // A frame that runs beyond the probe may still be anything.
      evidence += chain.endsExactly ? chain.evidence : 0;
      isOpen ||= bytes.length < FRAME_HEADER_BYTES || chain.evidence > 0 || isBlock(bytes);
    } else if (hasFrames(bytes)) return 'match';
  }
  if (isEnoughAtStart(evidence)) return 'match';
  if (ingress.length === 0 && egress.length === 0) return 'need-more';
  return isOpen ? 'need-more' : 'no-match';
}

/** A header block that has not ended yet. */
function isBlock(bytes: Buffer): boolean {
  const header = new FrameHeader();
  header.parse(bytes, 0);
  return header.type === FrameType.HEADERS;
}

/** Frames behind the rest of one that began before the probe. */
function hasFrames(bytes: Buffer): boolean {
  for (let at = 1; at + FRAME_HEADER_BYTES <= bytes.length; at++) {
    if (!isFrameHead(bytes, at)) continue;
    const chain = new FrameChain(at, 'anywhere');
    if (chain.read(bytes, bytes.length, MAX_PROBED_FRAMES) === 'certain') return true;
  }
  return false;
}
