// SPDX-License-Identifier: Apache-2.0

/** How many times a message of Protocol Buffers has a field. Knows varints and what has a length in front. */
export function countField(message: Buffer, field: number): number {
  let count = 0;
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if (tag >>> 3 === field) count += 1;
    const value = varint();
    if ((tag & 7) === 2) at += value;
  }
  return count;
}
