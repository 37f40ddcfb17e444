// SPDX-License-Identifier: Apache-2.0

/** Aggregates in aggregates; replies of Redis have fewer than ten. */
const MAX_DEPTH = 128;

interface Level {
  readonly isAttribute: boolean;
  readonly isStreamed: boolean;
  /** Items that are still to come; meaningless when streamed. */
  left: number;
}

/** The aggregates that are under way, outermost first. */
export class Levels {
  readonly #levels: Level[] = [];
  readonly #onClose: () => void;

  /** `onClose`: the innermost aggregate has ended. */
  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  get isEmpty(): boolean {
    return this.#levels.length === 0;
  }

  get isFull(): boolean {
    return this.#levels.length >= MAX_DEPTH;
  }

  /** Whether the innermost aggregate ends by a mark and not by its count. */
  get isStreamed(): boolean {
    return this.#levels.at(-1)?.isStreamed === true;
  }

  /** `items`: undefined when it is streamed. */
  open(isAttribute: boolean, items: number | undefined): void {
    this.#levels.push({ isAttribute, isStreamed: items === undefined, left: items ?? 0 });
  }

  /** A value has ended, and with it the aggregates that it is the last item of. True when the message has. */
  endValue(): boolean {
    const level = this.#levels.at(-1);
    if (level === undefined) return true;
    if (level.isStreamed) return false;
    level.left -= 1;
    return level.left === 0 && this.close();
  }

  /** The innermost aggregate has ended. True when the message has. */
  close(): boolean {
    const level = this.#levels.pop();
    this.#onClose();
    // Attributes are no value: the one that they describe follows.
    return level?.isAttribute !== true && this.endValue();
  }

  reset(): void {
    this.#levels.length = 0;
  }
}
