// SPDX-License-Identifier: Apache-2.0
import type { Flow } from './flow.js';

/** First in, first out, bounded in flows and in bytes. */
export class FlowQueue {
  readonly #maxFlows: number;
  readonly #maxBytes: number;
  #flows: Flow[] = [];
  #sizes: number[] = [];
  /** Index of the oldest: taking moves it, and the arrays are cut now and then. */
  #head = 0;
  #bytes = 0;

  constructor(maxFlows: number, maxBytes: number) {
    this.#maxFlows = maxFlows;
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#flows.length - this.#head;
  }

  /** At most half of either bound is used. */
  get hasRoom(): boolean {
    return this.length * 2 <= this.#maxFlows && this.#bytes * 2 <= this.#maxBytes;
  }

  /** False when it is full. An empty queue takes a flow of any size: it could never be exported otherwise. */
  add(flow: Flow, bytes: number): boolean {
    const { length } = this;
    if (length >= this.#maxFlows || (length > 0 && this.#bytes + bytes > this.#maxBytes)) return false;
    this.#flows.push(flow);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    return true;
  }

  /** The oldest ones, at most `count`. */
  take(count: number): readonly Flow[] {
    const end = Math.min(this.#head + count, this.#flows.length);
    const taken = this.#flows.slice(this.#head, end);
    for (let i = this.#head; i < end; i++) this.#bytes -= this.#sizes[i] ?? 0;
    if (end * 2 >= this.#flows.length) {
      this.#flows = this.#flows.slice(end);
      this.#sizes = this.#sizes.slice(end);
      this.#head = 0;
    } else {
      // Not until half of them are gone: moving the rest each time would be quadratic.
      this.#flows.fill(undefined as unknown as Flow, this.#head, end);
      this.#head = end;
    }
    return taken;
  }
}
