// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import type { Writable } from 'node:stream';
import { OutputFile } from './output-file.js';
import { StreamOutput } from './stream-output.js';

const NEWLINE = Buffer.from('\n');

/** Where lines go. */
export interface LineSink {
  open(): void;
  /**
   * Writes whole lines, given in parts. Rejects with the cause; `rolledBack` of it is true when nothing of this call
   * is left in the output, so that it can be made again.
   *
   * @param parts Each is borrowed until the one after the next is asked for: one is written while the next is made.
   */
  write(parts: Iterable<Buffer>, signal: AbortSignal): Promise<void>;
  flush(): Promise<void>;
  close(): void;
}

/** What a sink rejects with. */
export function isRolledBack(error: unknown): boolean {
  return error instanceof Error && 'rolledBack' in error && error.rolledBack === true;
}

export class FileLineSink implements LineSink {
  readonly #path: string;
  #file: OutputFile | undefined;
  /** Where our last whole line ends, if nobody else writes to the file. */
  #end = 0;
  /** What is there ends in the middle of a line. */
  #midLine = false;

  constructor(path: string) {
    this.#path = path;
  }

  open(): void {
    this.#file = new OutputFile(this.#path, 'append');
    this.#end = this.#file.initialSize;
    this.#midLine = this.#file.isRegular && this.#end > 0 && endsInMidLine(this.#path, this.#end);
  }

  async write(parts: Iterable<Buffer>): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Error(`${this.#path} is not open.`);
    let written = 0;
    let lastByte: number | undefined;
    let pending: Promise<void> | undefined;
    const writePart = async (part: Buffer): Promise<void> => {
      try {
        await file.write(part);
      } catch (error) {
        const partly = (error as { written?: number }).written ?? 0;
        written += partly;
        if (partly > 0) lastByte = part[partly - 1];
        throw error;
      }
      written += part.length;
      lastByte = part.at(-1);
    };
    try {
      if (this.#midLine) {
        await file.write(NEWLINE);
        this.#midLine = false;
        this.#end++;
      }
      for (const part of parts) {
        await pending;
        pending = writePart(part);
      }
      await pending;
      this.#end += written;
    } catch (error) {
      // The one that failed, or one under way when no further part could be made.
      await pending?.catch(() => {});
      const rolledBack = written === 0 || (await this.#rollBack(file, written));
      if (!rolledBack) {
        this.#end += written;
        this.#midLine = lastByte !== NEWLINE[0];
      }
      throw Object.assign(error as Error, { rolledBack });
    }
  }

  /** Takes back the lines of a batch that the disk had no room for, unless another program appended to the file. */
  async #rollBack(file: OutputFile, written: number): Promise<boolean> {
    try {
      if (!file.isRegular || file.size() !== this.#end + written) return false;
      await file.truncate(this.#end);
      return true;
    } catch {
      return false;
    }
  }

  async flush(): Promise<void> {
    await this.#file?.sync();
  }

  close(): void {
    this.#file?.close();
  }
}

/** Whoever wrote the file before us may have been killed in the middle of a line. */
function endsInMidLine(path: string, size: number): boolean {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, 'r');
    const last = Buffer.alloc(1);
    fs.readSync(fd, last, 0, 1, size - 1);
    return last[0] !== NEWLINE[0];
  } catch {
    // A file that may be written but not read: nobody can tell.
    return false;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

export class StreamLineSink implements LineSink {
  readonly #stream: Writable;
  #output: StreamOutput | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  open(): void {
    this.#output = new StreamOutput(this.#stream);
  }

  async write(parts: Iterable<Buffer>, signal: AbortSignal): Promise<void> {
    // A copy, since the stream keeps what it cannot pass on at once.
    for (const part of parts) await this.#output?.write(Buffer.from(part), signal);
  }

  async flush(): Promise<void> {
    await this.#output?.flush();
  }

  close(): void {
    // The stream belongs to the caller.
  }
}
