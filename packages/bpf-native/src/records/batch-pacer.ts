// SPDX-License-Identifier: Apache-2.0

/** A consumer that is stuck must not stop the capture: what it cannot take is dropped there and counted. */
const MAX_HOLD_MS = 100;

/**
 * Says when the next batch of records may come: not before the event loop has turned, so that the outputs' writes make
 * progress, and not while a consumer has no room, for a bounded time. Meanwhile the ring buffer takes what happens.
 */
export class BatchPacer {
  #ready: () => Promise<void> | undefined = () => undefined;

  paceBy(ready: () => Promise<void> | undefined): void {
    this.#ready = ready;
  }

  /** Calls `release` once, later. */
  schedule(release: () => void): void {
    const room = this.#ready();
    if (room === undefined) {
      setImmediate(release);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_HOLD_MS);
    });
    void Promise.race([room, timeout]).then(() => {
      clearTimeout(timer);
      release();
    });
  }
}
