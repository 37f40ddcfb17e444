// SPDX-License-Identifier: Apache-2.0

interface Latin1Source {
  latin1Slice(start: number, end: number): string;
}

/**
 * What `bytes.toString('latin1', start, end)` ends in. For parsers, which call it for each head or header field, where the way
 * there would cost a tenth. The indices must lie within `bytes`.
 */
export const latin1: (bytes: Uint8Array, start: number, end: number) => string = Function.prototype.call.bind(
  // Not by name at each call: buffers have so many methods that the engine looks each up anew.
  (Buffer.prototype as Buffer & Latin1Source).latin1Slice,
);
