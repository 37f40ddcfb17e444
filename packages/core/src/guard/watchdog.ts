// SPDX-License-Identifier: Apache-2.0
import { type Context, createContext, Script } from 'node:vm';

const idle = (): void => {};

/**
 * Runs synchronous code with a time limit, by means of `vm`: about 50 µs a run. When the limit is reached the code stops
 * where it is, and neither `catch` nor `finally` of it run: only what it wrote to plain variables can be relied on.
 */
export class Watchdog {
  readonly #script = new Script('run()');
  readonly #context: Context;
  #work = idle;

  constructor() {
    this.#context = createContext({ run: () => this.#work() });
  }

  /**
   * False when the work was interrupted, or ended in the very moment in which it would have been.
   *
   * @throws what the work throws.
   */
  run(work: () => void, timeoutMs: number): boolean {
    this.#work = work;
    try {
      this.#script.runInContext(this.#context, { timeout: timeoutMs });
      return true;
    } catch (error) {
      if (isTimeout(error)) return false;
      throw error;
    } finally {
      this.#work = idle;
    }
  }
}

/** The error belongs to the realm of the context, so that `instanceof` would not know it. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
