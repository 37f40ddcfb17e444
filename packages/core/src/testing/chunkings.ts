// SPDX-License-Identifier: Apache-2.0

/** One way to cut bytes into pieces. */
export interface Chunking {
  readonly name: string;
  readonly pieces: readonly Buffer[];
}

/** The bytes whole, byte by byte, and cut in two at every place: what no parser's result may depend on. */
export function* chunkings(bytes: Buffer): Generator<Chunking> {
  yield { name: 'whole', pieces: [bytes] };
  yield { name: 'byte by byte', pieces: Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)) };
  for (let split = 1; split < bytes.length; split += 1) {
    yield { name: `split at ${split}`, pieces: [bytes.subarray(0, split), bytes.subarray(split)] };
  }
}
