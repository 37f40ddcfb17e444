// SPDX-License-Identifier: Apache-2.0

export function formatIpv4(bytes: Buffer, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** RFC 4291 §2.5.5.2: ::ffff:a.b.c.d is an IPv4 address that an IPv6 socket uses. */
function isV4Mapped(bytes: Buffer, offset: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of at least two zero groups becomes `::`. */
export function formatIpv6(bytes: Buffer, offset: number): string {
  if (isV4Mapped(bytes, offset)) return formatIpv4(bytes, offset + 12);
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(offset + i));
  let runStart = 0;
  let runLength = 0;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > runLength) {
      runStart = i;
      runLength = end - i;
    }
    if (end > i) i = end;
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (runLength < 2) return text(groups);
  return `${text(groups.slice(0, runStart))}::${text(groups.slice(runStart + runLength))}`;
}
