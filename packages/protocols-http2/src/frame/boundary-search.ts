// SPDX-License-Identifier: Apache-2.0
import { MAX_CANDIDATES, MAX_SEARCH_BYTES } from '../limits.js';
import { type ChainPlace, type FrameChain, mayBeginFrame, readFrameChain } from './frame-chain.js';
import { FRAME_HEADER_BYTES } from './frame-header.js';

/** Unknown bytes from a frame boundary on, as they came. */
export interface FoundPiece {
  readonly bytes: Buffer;
  readonly timestampNs: number;
}

interface Candidate {
  readonly at: number;
  readonly place: ChainPlace;
}

/** Points of a chain from the start of a call on that ends with what there is: of a connection that is known, one frame. */
const ENOUGH_FOR_A_CALL = 2;

const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Finds a frame boundary among bytes of which nothing is known. Looks at each byte once, follows the few places that may
 * be one as bytes arrive, and keeps a bounded number of both.
 */
export class BoundarySearch {
  /** Bytes that were let go without having found anything. */
  skippedBytes = 0;
  #kept = NO_BYTES;
  #keptBytes = 0;
  /** Where the kept chunks begin, and when they came. */
  #chunks: { readonly start: number; readonly timestampNs: number }[] = [];
  /** Next byte to look at. */
  #next = 0;
  #candidates: Candidate[] = [];

  /** Pieces from the boundary on when one was found; then the search starts anew with the next call. */
  feed(bytes: Buffer, timestampNs: number): readonly FoundPiece[] | undefined {
    if (this.#keptBytes === 0) {
      // Mostly the first chunk tells: then nothing is copied.
      const found = this.#scan(bytes, bytes.length, 0);
      if (found !== -1) {
        this.reset();
        this.skippedBytes += found;
        return [{ bytes: bytes.subarray(found), timestampNs }];
      }
      this.#keep(bytes, timestampNs);
      return undefined;
    }
    const start = this.#keptBytes;
    this.#keep(bytes, timestampNs);
    const found = this.#scan(this.#kept, this.#keptBytes, Math.min(start, this.#keptBytes));
    return found === -1 ? undefined : this.#take(found);
  }

  /** Forgets the bytes; what comes next does not follow them. */
  reset(): void {
    this.skippedBytes += this.#keptBytes;
    this.#kept = NO_BYTES;
    this.#keptBytes = 0;
    this.#chunks = [];
    this.#next = 0;
    this.#candidates = [];
  }

  #scan(bytes: Buffer, length: number, chunkStart: number): number {
    let found = -1;
    this.#candidates = this.#candidates.filter((candidate) => {
      if (found !== -1) return false;
      const chain = readFrameChain(bytes, candidate.at, length, candidate.place);
      if (isEnough(chain, candidate)) found = candidate.at;
      return chain.verdict !== 'broken';
    });
    for (; found === -1 && this.#next + FRAME_HEADER_BYTES <= length; this.#next++) {
      if (!mayBeginFrame(bytes, this.#next)) continue;
      const isStart = this.#next === chunkStart || this.#chunks.some(({ start }) => start === this.#next);
      const candidate: Candidate = { at: this.#next, place: isStart ? 'known' : 'anywhere' };
      const chain = readFrameChain(bytes, candidate.at, length, candidate.place);
      if (chain.verdict === 'broken') continue;
      if (isEnough(chain, candidate)) found = candidate.at;
      else if (this.#candidates.push(candidate) > MAX_CANDIDATES) this.#candidates.shift();
    }
    return found;
  }

  #take(found: number): readonly FoundPiece[] {
    const pieces = this.#chunks.map(({ start, timestampNs }, i) => ({
      bytes: this.#kept.subarray(Math.max(start, found), this.#chunks[i + 1]?.start ?? this.#keptBytes),
      timestampNs,
    }));
    const left = this.#keptBytes - found;
    this.reset();
    this.skippedBytes -= left;
    return pieces.filter(({ bytes }) => bytes.length > 0);
  }

  #keep(bytes: Buffer, timestampNs: number): void {
    if (this.#keptBytes + bytes.length > MAX_SEARCH_BYTES)
      this.#drop(this.#keptBytes + bytes.length - MAX_SEARCH_BYTES);
    const cut = Math.max(0, bytes.length - MAX_SEARCH_BYTES);
    this.skippedBytes += cut;
    const length = this.#keptBytes + bytes.length - cut;
    if (length > this.#kept.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(MAX_SEARCH_BYTES, Math.max(length, 2 * this.#kept.length)));
      this.#kept.copy(grown, 0, 0, this.#keptBytes);
      this.#kept = grown;
    }
    bytes.copy(this.#kept, this.#keptBytes, cut);
    this.#chunks.push({ start: this.#keptBytes, timestampNs });
    if (cut > 0) {
      this.#next = Math.max(0, this.#next - cut);
      this.#candidates = this.#candidates.flatMap(({ at }) =>
        at < cut ? [] : [{ at: at - cut, place: 'anywhere' as const }],
      );
    }
    this.#keptBytes = length;
  }

  /** Lets the oldest bytes go, at least half of what there may be, so that each byte moves rarely. */
  #drop(atLeast: number): void {
    const dropped = Math.min(this.#keptBytes, Math.max(atLeast, MAX_SEARCH_BYTES / 2));
    this.#kept.copyWithin(0, dropped, this.#keptBytes);
    this.#keptBytes -= dropped;
    this.skippedBytes += dropped;
    this.#next = Math.max(0, this.#next - dropped);
    this.#candidates = this.#candidates.flatMap(({ at, place }) => (at < dropped ? [] : [{ at: at - dropped, place }]));
    const last = this.#chunks.findLast(({ start }) => start <= dropped);
    this.#chunks = this.#chunks.filter(({ start }) => start > dropped).map((c) => ({ ...c, start: c.start - dropped }));
    if (last !== undefined) this.#chunks.unshift({ start: 0, timestampNs: last.timestampNs });
  }
}

function isEnough({ verdict, evidence, endsExactly }: FrameChain, { place }: Candidate): boolean {
  if (verdict === 'certain') return true;
  return verdict === 'open' && place === 'known' && endsExactly && evidence >= ENOUGH_FOR_A_CALL;
}
