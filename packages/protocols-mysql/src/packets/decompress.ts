// SPDX-License-Identifier: Apache-2.0
import * as zlib from 'node:zlib';

/** The part of newer Node versions (22.15, 23.8 and later) that the oldest supported one does not have. */
interface ZstdModule {
  readonly zstdDecompressSync?: (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
}

const { zstdDecompressSync } = zlib as unknown as ZstdModule;

/** RFC 8878 §3.1.1: how a frame of zstd begins. */
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * Decompresses a packet, by zlib or zstd as its first bytes say.
 *
 * @returns undefined unless it gives exactly `plainBytes`
 */
export function decompress(bytes: Buffer, plainBytes: number): Buffer | undefined {
  try {
    const plain = decode(bytes, plainBytes);
    return plain?.length === plainBytes ? plain : undefined;
  } catch {
    return undefined;
  }
}

function decode(bytes: Buffer, maxOutputLength: number): Buffer | undefined {
  if (bytes.length >= 4 && bytes.readUInt32LE(0) === ZSTD_MAGIC)
    return zstdDecompressSync?.(bytes, { maxOutputLength });
  return zlib.inflateSync(bytes, { maxOutputLength });
}
