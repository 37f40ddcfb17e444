// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import { FRAME_HEAD_BYTES, MAX_META_BYTES, MAX_PAYLOAD_BYTES } from './format.js';

const READ_BYTES = 1024 * 1024;

export interface RawFrame {
  readonly meta: Buffer;
  readonly payload: Buffer;
}

/** Reads a file piece by piece and cuts it into frames, with one buffer that is as big as the biggest frame. */
export class FrameReader {
  readonly #handle: FileHandle;
  #buffer = Buffer.allocUnsafe(READ_BYTES);
  #start = 0;
  #end = 0;
  #isDamaged = false;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The lengths of a frame are beyond all limits: nothing that follows can be trusted. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** Bytes that were read and are not part of a whole frame. */
  get leftBytes(): number {
    return this.#end - this.#start;
  }

  /** So many bytes, fewer at the end of the file. Borrowed until the next call of `bytes` or `fill`. */
  async bytes(count: number): Promise<Buffer> {
    while (this.leftBytes < count) {
      if ((await this.fill(count)) === 0) break;
    }
    const bytes = this.#buffer.subarray(this.#start, Math.min(this.#start + count, this.#end));
    this.#start += bytes.length;
    return bytes;
  }

  /** The next frame of what was read; undefined when more must be read first. Borrowed until `fill`. */
  next(): RawFrame | undefined {
    if (this.#isDamaged || this.leftBytes < FRAME_HEAD_BYTES) return undefined;
    const metaLength = this.#buffer.readUInt32LE(this.#start);
    const payloadLength = this.#buffer.readUInt32LE(this.#start + 4);
    if (metaLength > MAX_META_BYTES || payloadLength > MAX_PAYLOAD_BYTES) {
      this.#isDamaged = true;
      return undefined;
    }
    const meta = this.#start + FRAME_HEAD_BYTES;
    const payload = meta + metaLength;
    const end = payload + payloadLength;
    if (end > this.#end) return undefined;
    this.#start = end;
    return { meta: this.#buffer.subarray(meta, payload), payload: this.#buffer.subarray(payload, end) };
  }

  /** Reads on; 0 at the end of the file. */
  async fill(wantedBytes: number = this.#bytesOfNextFrame()): Promise<number> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (wantedBytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(wantedBytes);
      this.#buffer.copy(grown, 0, 0, this.#end);
      this.#buffer = grown;
    }
    const { bytesRead } = await this.#handle.read(this.#buffer, this.#end, this.#buffer.length - this.#end, null);
    this.#end += bytesRead;
    return bytesRead;
  }

  #bytesOfNextFrame(): number {
    if (this.leftBytes < FRAME_HEAD_BYTES) return FRAME_HEAD_BYTES;
    const lengths = this.#buffer.readUInt32LE(this.#start) + this.#buffer.readUInt32LE(this.#start + 4);
    return FRAME_HEAD_BYTES + lengths;
  }
}
