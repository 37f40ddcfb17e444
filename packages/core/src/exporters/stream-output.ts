// SPDX-License-Identifier: Apache-2.0

import type { Writable } from 'node:stream';
import { asError } from '../errors.js';

/** Writes to a stream that somebody else owns, one piece at a time, and turns its errors into rejections. */
export class StreamOutput {
  readonly stream: Writable;
  /** Settles when the stream has taken the last piece. */
  #lastWrite: Promise<void> = Promise.resolve();
  #error: Error | undefined;

  constructor(stream: Writable) {
    this.stream = stream;
    // Without a listener a closed pipe would end the process. It stays: the error may come after the last write.
    stream.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /**
   * Resolves when the stream has passed the piece on. Rejects when the stream failed, and when the signal is aborted
   * while a slow reader holds everything up; then the piece may still go out later.
   *
   * @param piece The stream keeps it.
   */
  async write(piece: Buffer | string, signal?: AbortSignal): Promise<void> {
    await untilAborted(this.#lastWrite, signal);
    if (this.#error !== undefined) throw this.#error;
    this.#lastWrite = new Promise((resolve, reject) => {
      this.stream.write(piece, (error) => {
        // A destroyed stream tells each writer the same; the first error is the cause.
        if (error) reject(this.#error ?? error);
        else resolve();
      });
    });
    // The rejection belongs to this call; the next one learns of it from the stream's error.
    const write = this.#lastWrite;
    this.#lastWrite = write.catch((error: unknown) => {
      this.#error ??= asError(error);
    });
    await untilAborted(write, signal);
  }

  /** Resolves when everything that was written has been passed on. */
  flush(): Promise<void> {
    return this.#lastWrite;
  }
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(asError(signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
