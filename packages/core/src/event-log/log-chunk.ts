// SPDX-License-Identifier: Apache-2.0
import type { TapEvent } from '../events.js';
import { JsonWriter } from '../json/json-writer.js';
import { writeMeta } from './event-meta.js';
import { FRAME_HEAD_BYTES, MAX_META_BYTES, MAX_PAYLOAD_BYTES } from './format.js';

/** A chunk is written when it has this many bytes. */
const FULL_BYTES = 256 * 1024;
/** Room for the frame that fills it, as a rule. */
const INITIAL_BYTES = FULL_BYTES + 64 * 1024;
const FRAME_HEAD = '\0'.repeat(FRAME_HEAD_BYTES);

/** Whole frames that are written together. */
export class LogChunk {
  readonly #writer = new JsonWriter(INITIAL_BYTES);
  /** Events of the source. */
  events = 0;
  payloadBytes = 0;

  get length(): number {
    return this.#writer.length;
  }

  get isFull(): boolean {
    return this.#writer.length >= FULL_BYTES;
  }

  view(): Buffer {
    return this.#writer.view();
  }

  /** Copies a frame in. False for an event that no reader would take; no kernel source makes such ones. */
  add(event: TapEvent): boolean {
    const writer = this.#writer;
    const start = writer.length;
    writer.ascii(FRAME_HEAD);
    writeMeta(writer, event);
    const metaLength = writer.length - start - FRAME_HEAD_BYTES;
    const payloadLength = payloadBytesOf(event);
    if (metaLength > MAX_META_BYTES || payloadLength > MAX_PAYLOAD_BYTES) {
      writer.truncate(start);
      return false;
    }
    if (event.type === 'data') writer.bytes(event.bytes);
    const frame = writer.view().subarray(start);
    frame.writeUInt32LE(metaLength, 0);
    frame.writeUInt32LE(payloadLength, 4);
    this.events++;
    this.payloadBytes += payloadLength;
    return true;
  }
}

export function payloadBytesOf(event: TapEvent): number {
  return event.type === 'data' ? event.bytes.length : 0;
}
