// SPDX-License-Identifier: Apache-2.0
import type { Direction } from '../events.js';
import type { StreamChunk } from './protocol-plugin.js';

const EMPTY: Buffer = Buffer.alloc(0);
const FIRST_CAPACITY = 256;

interface Piece {
  readonly direction: Direction;
  readonly offset: number;
  readonly start: number;
  readonly length: number;
  readonly timestampNs: number;
}

/**
 * Copies of the chunks that an undetected stream has delivered, at most `maxBytes` per direction: as contiguous bytes
 * for the detectors and in their order of arrival for the parser that wins.
 */
export class ProbeBuffer {
  readonly #maxBytes: number;
  readonly #pieces: Piece[] = [];
  #ingress = EMPTY;
  #egress = EMPTY;
  #ingressLength = 0;
  #egressLength = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False when the chunk does not fit: then only its first bytes are shown to detectors and it is not replayed. */
  append(chunk: StreamChunk): boolean {
    const { direction, offset, bytes, timestampNs } = chunk;
    const start = direction === 'ingress' ? this.#ingressLength : this.#egressLength;
    const length = Math.min(bytes.length, this.#maxBytes - start);
    bytes.copy(this.#reserve(direction, start + length), start, 0, length);
    if (direction === 'ingress') this.#ingressLength += length;
    else this.#egressLength += length;
    if (length < bytes.length) return false;
    this.#pieces.push({ direction, offset, start, length, timestampNs });
    return true;
  }

  view(direction: Direction): Buffer {
    return direction === 'ingress'
      ? this.#ingress.subarray(0, this.#ingressLength)
      : this.#egress.subarray(0, this.#egressLength);
  }

  /** Bytes of the chunks that `chunks` gives back. */
  get byteLength(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  *chunks(): Generator<StreamChunk> {
    for (const { direction, offset, start, length, timestampNs } of this.#pieces) {
      const bytes = (direction === 'ingress' ? this.#ingress : this.#egress).subarray(start, start + length);
      yield { direction, offset, bytes, timestampNs };
    }
  }

  #reserve(direction: Direction, length: number): Buffer {
    const current = direction === 'ingress' ? this.#ingress : this.#egress;
    if (current.length >= length) return current;
    const capacity = Math.min(this.#maxBytes, Math.max(FIRST_CAPACITY, current.length * 2, length));
    const grown = Buffer.allocUnsafe(capacity);
    current.copy(grown);
    if (direction === 'ingress') this.#ingress = grown;
    else this.#egress = grown;
    return grown;
  }
}
