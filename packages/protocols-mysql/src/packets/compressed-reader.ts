// SPDX-License-Identifier: Apache-2.0
import { assertNever, BodyCollector, type StreamGap } from '@flowtap/core';
import { decompress } from './decompress.js';
import type { PacketReader } from './packet-reader.js';

/** Three bytes of length, one of sequence number, three of the length when decompressed (0: not compressed). */
const COMPRESSED_HEADER_BYTES = 7;

/** Compressed bytes of one packet that are kept: most that clients and servers send, whose buffers end at 16 MiB. */
const MAX_COMPRESSED_BYTES = 4 * 1024 * 1024;

type State = 'head' | 'plain' | 'compressed' | 'lost';

/**
 * Takes the compression layer off one direction: its packets hold a stream of ordinary ones, cut anywhere. What cannot be
 * decompressed is missing from that stream, with its length known.
 */
export class CompressedReader {
  readonly #inner: PacketReader;
  #state: State = 'head';
  readonly #head = Buffer.alloc(COMPRESSED_HEADER_BYTES);
  #headBytes = 0;
  #left = 0;
  #plainBytes = 0;
  #collector: BodyCollector | undefined;
  /** Bytes that were passed over because nothing tells what they are. */
  skippedBytes = 0;

  constructor(inner: PacketReader) {
    this.#inner = inner;
  }

  get isLost(): boolean {
    return this.#state === 'lost' || this.#inner.isLost;
  }

  /** The next byte begins a packet, and a message in it. */
  resume(): void {
    if (this.#state === 'lost') this.#state = 'head';
    this.#inner.resume();
  }

  feed(bytes: Buffer, timestampNs: number): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'head':
          at = this.#readHead(bytes, at);
          break;
        case 'plain': {
          const end = Math.min(bytes.length, at + this.#left);
          this.#inner.feed(bytes.subarray(at, end), timestampNs);
          this.#left -= end - at;
          if (this.#left === 0) this.#state = 'head';
          at = end;
          break;
        }
        case 'compressed': {
          const end = Math.min(bytes.length, at + this.#left);
          this.#collector?.append(bytes, at, end);
          this.#left -= end - at;
          at = end;
          if (this.#left === 0) this.#decode(timestampNs);
          break;
        }
        case 'lost':
          if (at > 0 || !beginsCommand(bytes)) {
            this.skippedBytes += bytes.length - at;
            return;
          }
          this.resume();
          break;
        default:
          assertNever(this.#state);
      }
    }
  }

  miss(gap: StreamGap): void {
    const inPacket = this.#state === 'plain' || this.#state === 'compressed' ? Math.min(gap.length, this.#left) : 0;
    if (inPacket > 0) {
      this.#left -= inPacket;
      if (this.#state === 'plain') {
        this.#inner.miss(inPacket, gap.timestampNs, { ...gap, length: inPacket });
        if (this.#left === 0) this.#state = 'head';
      } else {
        this.#collector?.skip(inPacket);
        if (this.#left === 0) this.#decode(gap.timestampNs, gap);
      }
      if (inPacket === gap.length) return;
    }
    this.#state = 'lost';
    this.#headBytes = 0;
    this.#inner.lose({ ...gap, offset: gap.offset + inPacket, length: gap.length - inPacket });
  }

  #readHead(bytes: Buffer, start: number): number {
    let at = start;
    while (this.#headBytes < COMPRESSED_HEADER_BYTES && at < bytes.length) {
      this.#head[this.#headBytes++] = bytes[at++] ?? 0;
    }
    if (this.#headBytes < COMPRESSED_HEADER_BYTES) return at;
    this.#headBytes = 0;
    this.#left = this.#head.readUIntLE(0, 3);
    this.#plainBytes = this.#head.readUIntLE(4, 3);
    if (this.#left === 0) {
      this.#state = 'lost';
      this.#inner.lose();
    } else if (this.#plainBytes === 0) {
      this.#state = 'plain';
    } else {
      this.#state = 'compressed';
      this.#collector = new BodyCollector(MAX_COMPRESSED_BYTES, this.#left);
    }
    return at;
  }

  #decode(timestampNs: number, gap?: StreamGap): void {
    const collector = this.#collector;
    this.#collector = undefined;
    this.#state = 'head';
    const bytes = collector?.view();
    const isWhole = bytes !== undefined && bytes.length === collector?.size;
    const plain = isWhole ? decompress(bytes, this.#plainBytes) : undefined;
    if (plain === undefined) this.#inner.miss(this.#plainBytes, timestampNs, gap);
    else this.#inner.feed(plain, timestampNs);
  }
}

/** Whether a chunk is one packet that begins with a command: what one call of a client writes, or its header, which servers read alone. */
function beginsCommand(chunk: Buffer): boolean {
  if (chunk.length < COMPRESSED_HEADER_BYTES || chunk[3] !== 0) return false;
  const length = chunk.readUIntLE(0, 3);
  const plainBytes = chunk.readUIntLE(4, 3);
  const isAlone = chunk.length === COMPRESSED_HEADER_BYTES || chunk.length === COMPRESSED_HEADER_BYTES + length;
  return length > 0 && isAlone && (plainBytes === 0 || plainBytes > length);
}
