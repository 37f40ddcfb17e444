// SPDX-License-Identifier: Apache-2.0

/**
 * A copy of the bytes without their mask: byte i of a payload is XORed with byte i mod 4 of the mask (RFC 6455 §5.3).
 *
 * @param position Of the first byte within the payload.
 */
export function unmasked(bytes: Buffer, start: number, end: number, mask: number, position: number): Buffer {
  const plain = Buffer.allocUnsafe(end - start);
  for (let i = 0; i < plain.length; i++) {
    plain[i] = (bytes[start + i] ?? 0) ^ (mask >>> (8 * ((position + i) & 3)));
  }
  return plain;
}
