// SPDX-License-Identifier: Apache-2.0
import { MAX_CANDIDATES, MAX_SEARCH_BYTES } from '../limits.js';
import { type ChainPlace, type ChainVerdict, FrameChain, isFrameHead } from './frame-chain.js';
import { FRAME_HEADER_BYTES } from './frame-header.js';

/** Unknown bytes from a frame boundary on, as they came. */
export interface FoundPiece {
  readonly bytes: Buffer;
  readonly timestampNs: number;
}

/** Where bytes begin in a search: with a call of the program, or somewhere in one. */
export type SearchPlace = Exclude<ChainPlace, 'start'>;

interface KeptChunk {
  readonly start: number;
  readonly timestampNs: number;
  /** What stands at its start. */
  readonly place: SearchPlace;
}

/** Points of a chain from the start of a call on that ends with what there is: of a connection that is known, one frame. */
const ENOUGH_FOR_A_CALL = 2;

/** Real frames are longer by far than what these allow for each of them, and other bytes seldom look like one. */
const FRAMES_PER_BYTE = 4;
const FIRST_FRAMES = 1024;
/** Of each further search, so that one that used up what there was does not hinder the next. */
const LEAST_FRAMES = 64;
/** What bytes that cost little leave for later ones: those of one search. */
const MAX_FRAMES = FRAMES_PER_BYTE * MAX_SEARCH_BYTES;

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
  #chunks: KeptChunk[] = [];
  /** The first chunk that may begin at the next byte, or later. */
  #chunk = 0;
  /** Next byte to look at. */
  #next = 0;
  /** Chains that may be frames, by where they begin. Apart, so that the many do not displace the few. */
  readonly #candidates: Record<SearchPlace, FrameChain[]> = { known: [], anywhere: [] };
  /** Frames that chains from anywhere may read by now, so that a byte costs no more on average, whatever the bytes are. */
  #credit = FIRST_FRAMES;

  /**
   * Pieces from the boundary on when one was found; then the search starts anew with the next call.
   *
   * @param place where the bytes begin
   */
  feed(bytes: Buffer, timestampNs: number, place: SearchPlace): readonly FoundPiece[] | undefined {
    if (bytes.length > MAX_SEARCH_BYTES) this.reset();
    if (this.#keptBytes === 0) {
      // Mostly the first chunk tells: then nothing is copied.
      const found = this.#scan(bytes, bytes.length, place);
      if (found !== -1) {
        this.reset();
        this.skippedBytes += found;
        return [{ bytes: bytes.subarray(found), timestampNs }];
      }
      this.#keep(bytes, timestampNs, place);
      return undefined;
    }
    this.#keep(bytes, timestampNs, place);
    const found = this.#scan(this.#kept, this.#keptBytes, place);
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
    this.#candidates.known = [];
    this.#candidates.anywhere = [];
    this.#credit = Math.max(this.#credit, LEAST_FRAMES);
  }

  #scan(bytes: Buffer, length: number, place: SearchPlace): number {
    let found = Number.POSITIVE_INFINITY;
    const isOpen = (chain: FrameChain) => {
      const verdict = this.#read(chain, bytes, length);
      if (isEnough(chain, verdict)) found = Math.min(found, chain.start);
      return verdict !== 'broken';
    };
    this.#candidates.known = this.#candidates.known.filter(isOpen);
    this.#candidates.anywhere = this.#candidates.anywhere.filter(isOpen);
    for (; found > length && this.#next + FRAME_HEADER_BYTES <= length; this.#next++) {
      this.#credit = Math.min(this.#credit + FRAMES_PER_BYTE, MAX_FRAMES);
      if (!isFrameHead(bytes, this.#next)) continue;
      const chainPlace = this.#placeOf(this.#next, place);
      const chain = new FrameChain(this.#next, chainPlace);
      const others = this.#candidates[chainPlace];
      if (isOpen(chain) && others.push(chain) > MAX_CANDIDATES) removeLeast(others);
    }
    return found > length ? -1 : found;
  }

  #read(chain: FrameChain, bytes: Buffer, length: number): ChainVerdict {
    if (chain.place === 'known') return chain.read(bytes, length);
    const before = chain.frames;
    const verdict = chain.read(bytes, length, this.#credit);
    this.#credit -= chain.frames - before + (verdict === 'broken' ? 1 : 0);
    return verdict;
  }

  #placeOf(at: number, placeOfFirst: SearchPlace): SearchPlace {
    if (this.#keptBytes === 0) return at === 0 ? placeOfFirst : 'anywhere';
    while ((this.#chunks[this.#chunk]?.start ?? at) < at) this.#chunk++;
    const chunk = this.#chunks[this.#chunk];
    return chunk?.start === at ? chunk.place : 'anywhere';
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

  #keep(bytes: Buffer, timestampNs: number, place: SearchPlace): void {
    this.#makeRoom(bytes.length);
    const cut = Math.max(0, bytes.length - MAX_SEARCH_BYTES);
    this.skippedBytes += cut;
    const length = this.#keptBytes + bytes.length - cut;
    if (length > this.#kept.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(MAX_SEARCH_BYTES, Math.max(length, 2 * this.#kept.length)));
      this.#kept.copy(grown, 0, 0, this.#keptBytes);
      this.#kept = grown;
    }
    bytes.copy(this.#kept, this.#keptBytes, cut);
    this.#chunks.push({ start: this.#keptBytes, timestampNs, place: cut > 0 ? 'anywhere' : place });
    if (cut > 0) this.#letGo(cut);
    this.#keptBytes = length;
  }

  /** Lets the oldest bytes go: of many small pieces half of what there may be, so that each byte moves rarely. */
  #makeRoom(more: number): void {
    const tooMany = this.#keptBytes + more - MAX_SEARCH_BYTES;
    if (tooMany <= 0) return;
    const half = MAX_SEARCH_BYTES / 2;
    const dropped = Math.min(this.#keptBytes, more < half ? Math.max(tooMany, half) : tooMany);
    this.#kept.copyWithin(0, dropped, this.#keptBytes);
    this.#keptBytes -= dropped;
    this.skippedBytes += dropped;
    this.#letGo(dropped);
    const last = this.#chunks.findLast(({ start }) => start < dropped);
    this.#chunks = this.#chunks
      .filter(({ start }) => start >= dropped)
      .map((chunk) => ({ ...chunk, start: chunk.start - dropped }));
    if (last !== undefined && this.#keptBytes > 0 && this.#chunks[0]?.start !== 0) {
      this.#chunks.unshift({ ...last, start: 0, place: 'anywhere' });
    }
    this.#chunk = 0;
  }

  /** Looks no more at so many bytes at the beginning. */
  #letGo(dropped: number): void {
    this.#next = Math.max(0, this.#next - dropped);
    for (const place of ['known', 'anywhere'] as const) {
      this.#candidates[place] = this.#candidates[place].filter(({ start }) => start >= dropped);
      for (const chain of this.#candidates[place]) chain.move(dropped);
    }
  }
}

/** The oldest of those with the least evidence: most places lead beyond what has arrived, and stay open. */
function removeLeast(chains: FrameChain[]): void {
  const least = Math.min(...chains.map(({ evidence }) => evidence));
  chains.splice(
    chains.findIndex(({ evidence }) => evidence === least),
    1,
  );
}

function isEnough({ place, evidence, endsExactly }: FrameChain, verdict: ChainVerdict): boolean {
  if (verdict === 'certain') return true;
  return verdict === 'open' && place === 'known' && endsExactly && evidence >= ENOUGH_FOR_A_CALL;
}
