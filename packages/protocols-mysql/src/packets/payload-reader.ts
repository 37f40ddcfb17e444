// SPDX-License-Identifier: Apache-2.0

const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Reads a payload from front to back; numbers are little-endian. Beyond the end everything is 0 or empty, and `failed` is true
 * from then on: nothing throws.
 */
export class PayloadReader {
  readonly bytes: Buffer;
  at: number;
  failed = false;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Byte `ahead` of the position, which stays. */
  peek(ahead = 0): number | undefined {
    return this.bytes[this.at + ahead];
  }

  skip(count: number): void {
    this.#take(count);
  }

  uint(count: 1 | 2 | 3 | 4): number {
    const start = this.#take(count);
    return this.failed ? 0 : this.bytes.readUIntLE(start, count);
  }

  int(count: 1 | 2 | 3 | 4): number {
    const start = this.#take(count);
    return this.failed ? 0 : this.bytes.readIntLE(start, count);
  }

  uint64(): bigint {
    const start = this.#take(8);
    return this.failed ? 0n : this.bytes.readBigUInt64LE(start);
  }

  int64(): bigint {
    const start = this.#take(8);
    return this.failed ? 0n : this.bytes.readBigInt64LE(start);
  }

  float(): number {
    const start = this.#take(4);
    return this.failed ? 0 : this.bytes.readFloatLE(start);
  }

  double(): number {
    const start = this.#take(8);
    return this.failed ? 0 : this.bytes.readDoubleLE(start);
  }

  /** A length-encoded integer. The byte that stands for NULL is no integer. */
  lengthEncoded(): bigint {
    const first = this.uint(1);
    if (first < 0xfb) return BigInt(first);
    if (first === 0xfc) return BigInt(this.uint(2));
    if (first === 0xfd) return BigInt(this.uint(3));
    if (first === 0xfe) return this.uint64();
    this.failed = true;
    return 0n;
  }

  /** As a number: exact up to 2^53, as every length is. */
  count(): number {
    const first = this.peek();
    if (first === undefined || first >= 0xfb) return Number(this.lengthEncoded());
    this.at += 1;
    return first;
  }

  /** A length-encoded string. Borrowed as the payload is. */
  string(): Buffer {
    return this.slice(this.count());
  }

  /** As `string`; undefined for NULL. */
  nullableString(): Buffer | undefined {
    if (this.peek() !== 0xfb) return this.string();
    this.at += 1;
    return undefined;
  }

  /** Up to a byte of 0, or to the end where there is none. */
  zeroTerminated(): Buffer {
    const end = this.bytes.indexOf(0, this.at);
    if (end === -1) return this.slice(Math.max(0, this.left));
    const found = this.slice(end - this.at);
    this.at += 1;
    return found;
  }

  rest(): Buffer {
    return this.slice(Math.max(0, this.left));
  }

  slice(count: number): Buffer {
    const start = this.#take(count);
    return this.failed ? NO_BYTES : this.bytes.subarray(start, start + count);
  }

  #take(count: number): number {
    const start = this.at;
    if (!(count <= this.left)) this.failed = true;
    else this.at += count;
    return start;
  }
}
