// SPDX-License-Identifier: Apache-2.0

import type { Flow } from '../flow/flow.js';
import { BoundedQueue } from './bounded-queue.js';

type Result = IteratorResult<Flow, undefined>;

interface Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** One consumer of `tap.flows()`: a bounded queue in front of whoever awaits the next flow. */
export class FlowIterator implements AsyncIterableIterator<Flow, undefined> {
  readonly #queue: BoundedQueue<Flow>;
  readonly #onEnd: (iterator: FlowIterator) => void;
  readonly #waiters: Waiter[] = [];
  readonly #roomWaiters: (() => void)[] = [];
  #isEnded = false;
  #error: Error | undefined;

  /** `onEnd` is called once, when the iterator takes no more flows. */
  constructor(maxQueuedFlows: number, onEnd: (iterator: FlowIterator) => void) {
    this.#queue = new BoundedQueue(maxQueuedFlows, Number.POSITIVE_INFINITY);
    this.#onEnd = onEnd;
  }

  /** False when the flow was dropped because the consumer is too slow. */
  push(flow: Flow): boolean {
    if (this.#isEnded) return true;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) return this.#queue.add(flow, 0);
    waiter.resolve({ done: false, value: flow });
    return true;
  }

  /** For a source that can wait: undefined while there is room, else a promise that resolves when there is. */
  ready(): Promise<void> | undefined {
    if (this.#isEnded || this.#queue.hasRoom) return undefined;
    return new Promise((resolve) => {
      this.#roomWaiters.push(resolve);
    });
  }

  /** What is queued can still be taken; then the iteration is over, or throws `error`. */
  end(error?: Error): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    this.#onEnd(this);
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
    for (const waiter of this.#waiters.splice(0)) this.#finish(waiter);
  }

  next(): Promise<Result> {
    const [flow] = this.#queue.take(1);
    if (flow !== undefined) {
      if (this.#queue.hasRoom) for (const resolve of this.#roomWaiters.splice(0)) resolve();
      return Promise.resolve({ done: false, value: flow });
    }
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#isEnded) this.#finish(waiter);
      else this.#waiters.push(waiter);
    });
  }

  /** The consumer left its loop: what is queued for it is let go. */
  return(): Promise<Result> {
    this.#queue.take(this.#queue.length);
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(waiter: Waiter): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) waiter.resolve({ done: true, value: undefined });
    else waiter.reject(error);
  }
}
