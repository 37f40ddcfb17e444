// SPDX-License-Identifier: Apache-2.0

/** Bytes that look random and are the same for the same seed (xorshift32, Marsaglia 2003). */
export function pseudoRandomBytes(seed: number, length: number): Buffer {
  let state = Math.max(1, seed) * 0x9e3779b1;
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}
