// SPDX-License-Identifier: Apache-2.0

/**
 * Reads a message's fields one after the other (Message Data Types). What lies behind the end is 0 or empty, and `isCut`
 * says so.
 */
export class Payload {
  isCut = false;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  uint8(): number {
    return this.#has(1) ? this.#bytes.readUInt8(this.#at++) : 0;
  }

  int16(): number {
    if (!this.#has(2)) return 0;
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  uint16(): number {
    return this.int16() & 0xffff;
  }

  int32(): number {
    if (!this.#has(4)) return 0;
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A String: text up to a zero byte. Of one that is cut, what there is. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) this.isCut = true;
    const text = this.#bytes.toString('utf8', this.#at, end < 0 ? this.#bytes.length : end);
    this.#at = end < 0 ? this.#bytes.length : end + 1;
    return text;
  }

  /** A String that is a name: one that is cut could be another's. */
  name(): string | undefined {
    const name = this.text();
    return this.isCut ? undefined : name;
  }

  /** Borrowed like the payload itself; undefined when they are not all there. */
  bytes(length: number): Buffer | undefined {
    if (!this.#has(length)) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Leaves out that many bytes. */
  skip(length: number): void {
    if (this.#has(length)) this.#at += length;
  }

  #has(length: number): boolean {
    if (length >= 0 && this.#bytes.length - this.#at >= length) return true;
    this.isCut = true;
    this.#at = this.#bytes.length;
    return false;
  }
}
