// SPDX-License-Identifier: Apache-2.0
import type { FaultCode } from './constants.js';

const NO_BYTES: Buffer = Buffer.alloc(0);

/** What is known of a header block beside its fields. */
export interface BlockInfo {
  readonly streamId: number;
  readonly endsStream: boolean;
  /** When its first frame began. */
  readonly startNs: number;
  /** When its last bytes were seen. */
  readonly endNs: number;
}

/** A header block that comes in several frames (RFC 9113 §4.3, §6.10), put together up to a limit. */
export class HeaderBlock implements BlockInfo {
  readonly streamId: number;
  /** PUSH_PROMISE: the stream that is promised. */
  readonly promisedId: number | undefined;
  readonly endsStream: boolean;
  readonly startNs: number;
  endNs: number;
  /** Why it cannot be decoded. */
  fault: FaultCode | undefined = undefined;
  readonly #maxBytes: number;
  #bytes = NO_BYTES;
  #length = 0;

  constructor({ streamId, endsStream, startNs, endNs }: BlockInfo, promisedId: number | undefined, maxBytes: number) {
    this.streamId = streamId;
    this.promisedId = promisedId;
    this.endsStream = endsStream;
    this.startNs = startNs;
    this.endNs = endNs;
    this.#maxBytes = maxBytes;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  append(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#maxBytes) this.fail('header-too-large');
    if (this.fault !== undefined) return;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }

  fail(fault: FaultCode): void {
    this.fault ??= fault;
    this.#bytes = NO_BYTES;
    this.#length = 0;
  }
}
