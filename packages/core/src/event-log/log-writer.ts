// SPDX-License-Identifier: Apache-2.0
import type { OutputFile } from '../exporters/output-file.js';
import type { LogChunk } from './log-chunk.js';

export interface LogWriterOptions {
  readonly file: OutputFile;
  /** Called when the first bytes are to be written. */
  readonly header: () => Buffer;
  /** The chunk is not in the file. `isFinal`: nor will a later one be. */
  readonly onFailed: (chunk: LogChunk, error: Error, isFinal: boolean) => void;
}

/** Writes chunks one after the other. After a failure the file ends where the last whole chunk did. */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #waiting: LogChunk[] = [];
  #waitingBytes = 0;
  #position = 0;
  #running: Promise<void> | undefined;
  #broken: Error | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** Bytes of the chunks that are not written yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  add(chunk: LogChunk): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    this.#running ??= this.#writeAll();
  }

  /** Resolves when all chunks are written or failed, with a header in the file in either case if at all possible. */
  async finish(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#position > 0 || this.#broken !== undefined) return;
    try {
      await this.#writeWhole(this.#options.header());
    } catch {
      // The disk does not take it, or the source never started and has nothing to say in it.
    }
  }

  async #writeAll(): Promise<void> {
    for (let chunk = this.#waiting.shift(); chunk !== undefined; chunk = this.#waiting.shift()) {
      await this.#write(chunk);
      this.#waitingBytes -= chunk.length;
    }
    this.#running = undefined;
  }

  async #write(chunk: LogChunk): Promise<void> {
    if (this.#broken !== undefined) {
      this.#options.onFailed(chunk, this.#broken, true);
      return;
    }
    try {
      if (this.#position === 0) await this.#writeWhole(this.#options.header());
      await this.#writeWhole(chunk.view());
    } catch (error) {
      this.#options.onFailed(chunk, error as Error, this.#broken !== undefined);
    }
  }

  async #writeWhole(bytes: Buffer): Promise<void> {
    const { file } = this.#options;
    try {
      await file.write(bytes, file.isRegular ? this.#position : undefined);
      this.#position += bytes.length;
    } catch (error) {
      try {
        await file.truncate(this.#position);
      } catch {
        // Half a frame stays in the file, or went down a pipe: no frame can follow it.
        this.#broken = error as Error;
      }
      throw error;
    }
  }
}
