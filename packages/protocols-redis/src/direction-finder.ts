// SPDX-License-Identifier: Apache-2.0
import type { Direction, StreamChunk } from '@flowtap/core';
import { PROBE_BYTES } from './constants.js';
import { type FirstBytes, judgeFirstBytes } from './first-bytes.js';

/** Where neither end is known to be the client: finds out which direction the commands go, and keeps the bytes until then. */
export class DirectionFinder {
  readonly #chunks: StreamChunk[] = [];
  #first: Record<Direction, Buffer> = { ingress: Buffer.alloc(0), egress: Buffer.alloc(0) };

  /** The direction of the commands; undefined when more bytes must tell. */
  add(chunk: StreamChunk): Direction | undefined {
    const { direction, bytes } = chunk;
    this.#chunks.push({ ...chunk, bytes: Buffer.from(bytes) });
    const known = this.#first[direction];
    if (known.length < PROBE_BYTES) {
      this.#first[direction] = Buffer.concat([known, bytes.subarray(0, PROBE_BYTES - known.length)]);
    }
    return this.#judge();
  }

  /** When nothing more comes, or bytes were missed. */
  guess(): Direction {
    return this.#judge() ?? this.#chunks[0]?.direction ?? 'egress';
  }

  takeChunks(): StreamChunk[] {
    return this.#chunks.splice(0);
  }

  #judge(): Direction | undefined {
    const ingress = judgeFirstBytes(this.#first.ingress);
    const egress = judgeFirstBytes(this.#first.egress);
    if (isClients(ingress) && !isClients(egress)) return 'ingress';
    if (isClients(egress) && !isClients(ingress)) return 'egress';
    if (isServers(ingress) && !isServers(egress)) return 'egress';
    if (isServers(egress) && !isServers(ingress)) return 'ingress';
    const isFull = this.#first.ingress.length >= PROBE_BYTES || this.#first.egress.length >= PROBE_BYTES;
    const isOpen = [ingress, egress].some((side) => side === 'open' || side === 'silent');
    return isOpen && !isFull ? undefined : (this.#chunks[0]?.direction ?? 'egress');
  }
}

function isClients(bytes: FirstBytes): boolean {
  return bytes === 'command' || bytes === 'line';
}

function isServers(bytes: FirstBytes): boolean {
  return bytes === 'reply' || bytes === 'push';
}
