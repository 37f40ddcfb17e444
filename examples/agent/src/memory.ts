// SPDX-License-Identifier: Apache-2.0

const POOL_BYTES = 64 * 1024;

/**
 * Lets small buffers share larger pieces of memory. Each flow keeps its bodies until it is written, a few milliseconds
 * later; with Node's pieces of 8 KiB a new one is needed every few flows, and each costs the garbage collector more than
 * its bytes do. Whoever keeps one body for long keeps a whole piece: this process does not.
 */
export function shareLargerPieces(): void {
  Buffer.poolSize = POOL_BYTES;
}
