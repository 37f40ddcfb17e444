// SPDX-License-Identifier: Apache-2.0
import type { Exchange } from './exchange.js';

/** For streams that are open at once; what more there are costs the time of a map. A power of two. */
const PLACES = 64;

/**
 * The open streams by number. Most live shortly, and those that are open at once have numbers near to each other: to give each
 * its place costs much less than a map, which is built anew again and again where entries come and go.
 */
export class OpenStreams {
  readonly #places = new Array<Exchange | undefined>(PLACES).fill(undefined);
  /** Those whose place was wanted by a newer one. */
  readonly #others = new Map<number, Exchange>();
  /** Streams that are there. */
  size = 0;

  get(streamId: number): Exchange | undefined {
    const exchange = this.#places[placeOf(streamId)];
    if (exchange?.streamId === streamId) return exchange;
    return this.#others.size === 0 ? undefined : this.#others.get(streamId);
  }

  /** The stream is not there yet. */
  add(exchange: Exchange): void {
    const place = placeOf(exchange.streamId);
    const older = this.#places[place];
    if (older !== undefined) this.#others.set(older.streamId, older);
    this.#places[place] = exchange;
    this.size += 1;
  }

  delete({ streamId }: Exchange): void {
    const place = placeOf(streamId);
    if (this.#places[place]?.streamId === streamId) this.#places[place] = undefined;
    else if (!this.#others.delete(streamId)) return;
    this.size -= 1;
  }

  /** One of those that have been there for longest. */
  oldest(): Exchange | undefined {
    const [displaced] = this.#others.values();
    return displaced ?? this.values()[0];
  }

  /** In the order of their numbers. */
  values(): readonly Exchange[] {
    const there = this.#places.filter((exchange) => exchange !== undefined);
    return [...there, ...this.#others.values()].sort((a, b) => a.streamId - b.streamId);
  }
}

/** Nearly all streams are the client's, and odd (RFC 9113 §5.1.1). */
function placeOf(streamId: number): number {
  return (streamId >>> 1) & (PLACES - 1);
}
