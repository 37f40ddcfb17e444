// SPDX-License-Identifier: Apache-2.0

export interface IntegerResult {
  value: number;
  /** Index behind the integer. */
  next: number;
}

/** RFC 7541 §5.1 lets a decoder refuse what is too long: more bytes than these have no use in HTTP/2. */
const MAX_CONTINUATION_BYTES = 5;

/**
 * Reads an integer whose prefix is all ones (RFC 7541 §5.1): the bytes behind `at`, seven bits each, lowest first.
 *
 * @returns false when it does not end before `end` or is longer than any sensible one.
 */
export function decodeInteger(
  bytes: Uint8Array,
  at: number,
  end: number,
  mask: number,
  result: IntegerResult,
): boolean {
  let value = mask;
  let factor = 1;
  const last = Math.min(end, at + 1 + MAX_CONTINUATION_BYTES);
  for (let i = at + 1; i < last; i++) {
    const byte = bytes[i] as number;
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) {
      result.value = value;
      result.next = i + 1;
      return true;
    }
  }
  return false;
}
