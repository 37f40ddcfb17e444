// SPDX-License-Identifier: Apache-2.0

interface Latin1Source {
  latin1Slice(start: number, end: number): string;
}

/**
 * What `bytes.toString('latin1', start, end)` ends in. For parsers, which call it for each head or header field, where the way
 * there would cost a tenth. The indices must lie within `bytes`.
 */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & Latin1Source).latin1Slice(start, end);
}
