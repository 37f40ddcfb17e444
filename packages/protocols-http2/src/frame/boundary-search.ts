// SPDX-License-Identifier: Apache-2.0
import { MAX_CANDIDATES, MAX_SEARCH_BYTES } from '../limits.js';
import { type ChainVerdict, FrameChain, isFrameHead } from './frame-chain.js';
import { FRAME_HEADER_BYTES } from './frame-header.js';

/** Unknown bytes from a frame boundary on, as they came. */
export interface FoundPiece {
  readonly bytes: Buffer;
  readonly timestampNs: number;
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
  /** The first chunk that may begin at the next byte, or later. */
  #chunk = 0;
  /** Next byte to look at. */
  #next = 0;
  /** Chains that may be frames, by where they begin. */
  #candidates: FrameChain[] = [];

  /** Pieces from the boundary on when one was found; then the search starts anew with the next call. */
  feed(bytes: Buffer, timestampNs: number): readonly FoundPiece[] | undefined {
    if (bytes.length > MAX_SEARCH_BYTES) this.reset();
    if (this.#keptBytes === 0) {
      // Mostly the first chunk tells: then nothing is copied.
      const found = this.#scan(bytes, bytes.length);
      if (found !== -1) {
        this.reset();
        this.skippedBytes += found;
        return [{ bytes: bytes.subarray(found), timestampNs }];
      }
      this.#keep(bytes, timestampNs);
      return undefined;
    }
    this.#keep(bytes, timestampNs);
    const found = this.#scan(this.#kept, this.#keptBytes);
    return found === -1 ? undefined : this.#take(found);
  }

  /** Forgets the bytes; what comes next does not follow them. */
  reset(): void {
    this.skippedBytes += this.#keptBytes;
    this.#kept = NO_BYTES;
    this.#keptBytes = 0;
    this.#chunks = [];
    this.#chunk = 0;
    this.#next = 0;
    this.#candidates = [];
  }

  #scan(bytes: Buffer, length: number): number {
    let found = -1;
    const isOpen = (chain: FrameChain) => {
      if (found !== -1) return false;
      const verdict = chain.read(bytes, length);
      if (isEnough(chain, verdict)) found = chain.start;
      return verdict !== 'broken';
    };
    this.#candidates = this.#candidates.filter(isOpen);
    for (; found === -1 && this.#next + FRAME_HEADER_BYTES <= length; this.#next++) {
      if (!isFrameHead(bytes, this.#next)) continue;
      const chain = new FrameChain(this.#next, this.#beginsChunk(this.#next) ? 'known' : 'anywhere');
      if (isOpen(chain) && this.#candidates.push(chain) > MAX_CANDIDATES) this.#candidates.shift();
    }
    return found;
  }

  #beginsChunk(at: number): boolean {
    if (this.#keptBytes === 0) return at === 0;
    while ((this.#chunks[this.#chunk]?.start ?? at) < at) this.#chunk++;
    return this.#chunks[this.#chunk]?.start === at;
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
    if (cut > 0) this.#letGo(cut);
    this.#keptBytes = length;
  }

  /** Lets the oldest bytes go, at least half of what there may be, so that each byte moves rarely. */
  #drop(atLeast: number): void {
    const dropped = Math.min(this.#keptBytes, Math.max(atLeast, MAX_SEARCH_BYTES / 2));
    this.#kept.copyWithin(0, dropped, this.#keptBytes);
    this.#keptBytes -= dropped;
    this.skippedBytes += dropped;
    this.#letGo(dropped);
    const last = this.#chunks.findLast(({ start }) => start <= dropped);
    this.#chunks = this.#chunks.filter(({ start }) => start > dropped).map((c) => ({ ...c, start: c.start - dropped }));
    if (last !== undefined) this.#chunks.unshift({ start: 0, timestampNs: last.timestampNs });
    this.#chunk = 0;
  }

  /** Looks no more at so many bytes at the beginning. */
  #letGo(dropped: number): void {
    this.#next = Math.max(0, this.#next - dropped);
    this.#candidates = this.#candidates.filter(({ start }) => start >= dropped);
    for (const chain of this.#candidates) chain.move(dropped);
  }
}

function isEnough({ place, evidence, endsExactly }: FrameChain, verdict: ChainVerdict): boolean {
  if (verdict === 'certain') return true;
  return verdict === 'open' && place === 'known' && endsExactly && evidence >= ENOUGH_FOR_A_CALL;
}
