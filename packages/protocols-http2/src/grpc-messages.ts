// SPDX-License-Identifier: Apache-2.0

/** A message of a gRPC stream: where its payload lies in the body, and when it was whole. */
export interface GrpcMessageSpan {
  readonly start: number;
  readonly length: number;
  readonly isCompressed: boolean;
  readonly endNs: number;
  /** All of it passed. */
  readonly isWhole: boolean;
}

/** Compressed-flag and length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX_BYTES = 5;

/** Messages listed for each direction of a call; the rest is only counted. */
export const MAX_LISTED_MESSAGES = 1000;

/** Finds the length-prefixed messages in the DATA of one direction, as it comes. Keeps no bytes. */
export class GrpcMessageReader {
  readonly spans: GrpcMessageSpan[] = [];
  /** Messages that passed, listed or not. */
  count = 0;
  readonly #onMessage: ((span: GrpcMessageSpan) => void) | undefined;
  /** Bytes were missed that tell where messages begin: those that follow are not known. */
  isLost = false;
  #position = 0;
  #prefixLength = 0;
  #flag = 0;
  #length = 0;
  /** Bytes of the payload that are still to come. */
  #remaining = 0;
  #endNs = 0;

  /** `onMessage`: hears of each, as soon as its last byte has passed. */
  constructor(onMessage?: (span: GrpcMessageSpan) => void) {
    this.#onMessage = onMessage;
  }

  feed(bytes: Uint8Array, start: number, end: number, timestampNs: number): void {
    let at = start;
    this.#endNs = timestampNs;
    while (at < end && !this.isLost) {
      if (this.#prefixLength < PREFIX_BYTES) {
        const byte = bytes[at++] as number;
        this.#position += 1;
        if (this.#prefixLength === 0) {
          this.#flag = byte;
          this.#length = 0;
        } else this.#length = this.#length * 256 + byte;
        this.#prefixLength += 1;
        if (this.#prefixLength < PREFIX_BYTES) continue;
        this.#remaining = this.#length;
        if (this.#length === 0) this.#end(true);
        continue;
      }
      const taken = Math.min(this.#remaining, end - at);
      at += taken;
      this.#advance(taken);
    }
  }

  /** Bytes that were not captured. Within a payload they do no harm. */
  skip(length: number, timestampNs: number): void {
    if (this.isLost) return;
    this.#endNs = timestampNs;
    if (this.#prefixLength < PREFIX_BYTES || length > this.#remaining) this.lose();
    else this.#advance(length);
  }

  lose(): void {
    this.close();
    this.isLost = true;
  }

  /** No more bytes come. */
  close(): void {
    if (!this.isLost && this.#prefixLength === PREFIX_BYTES) this.#end(false);
  }

  #advance(length: number): void {
    this.#position += length;
    this.#remaining -= length;
    if (this.#remaining === 0) this.#end(true);
  }

  #end(isWhole: boolean): void {
    this.count += 1;
    this.#prefixLength = 0;
    const isListed = this.spans.length < MAX_LISTED_MESSAGES;
    if (!isListed && this.#onMessage === undefined) return;
    const start = this.#position - (this.#length - this.#remaining);
    const span = { start, length: this.#length, isCompressed: this.#flag !== 0, endNs: this.#endNs, isWhole };
    if (isListed) this.spans.push(span);
    this.#onMessage?.(span);
  }
}
