// SPDX-License-Identifier: Apache-2.0

import type { DataEvent, Direction } from '../events.js';
import { type ClientHello, readClientHello } from './client-hello.js';

/** More than the largest ClientHello in use (about 2 KiB with post-quantum key shares), and what a source sends. */
const MAX_HANDSHAKE_BYTES = 16_384;

/** Handshake bytes of one direction. */
class Handshake {
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #next: number | undefined;
  #neededBytes = 0;

  /** `undefined`: not yet. `none`: this direction has no ClientHello. */
  add(event: DataEvent): ClientHello | 'none' | undefined {
    this.#next ??= event.offset;
    if (event.offset !== this.#next) return 'none';
    this.#next += event.bytes.length;
    const piece = Buffer.from(event.bytes.subarray(0, MAX_HANDSHAKE_BYTES - this.#length));
    this.#pieces.push(piece);
    this.#length += piece.length;
    // Joining and parsing only when enough is there keeps a handshake that comes byte by byte linear.
    if (this.#length < this.#neededBytes) return undefined;
    const result = readClientHello(Buffer.concat(this.#pieces));
    if (result.status === 'found') return result.hello;
    if (result.status === 'none' || result.bytes > MAX_HANDSHAKE_BYTES) return 'none';
    this.#neededBytes = result.bytes;
    return undefined;
  }
}

/**
 * Looks for the ClientHello in the first encrypted bytes of a connection, in both directions: the one that carries it
 * is the client's. Lets all bytes go as soon as it has it or cannot have it any more.
 */
export class ClientHelloReader {
  #ingress: Handshake | 'none' = new Handshake();
  #egress: Handshake | 'none' = new Handshake();
  #hello: ClientHello | undefined;
  #direction: Direction | undefined;

  add(event: DataEvent): void {
    if (this.#hello !== undefined) return;
    const handshake = event.direction === 'ingress' ? this.#ingress : this.#egress;
    if (handshake === 'none') return;
    const result = handshake.add(event);
    if (result === undefined) return;
    if (result === 'none') {
      if (event.direction === 'ingress') this.#ingress = 'none';
      else this.#egress = 'none';
      return;
    }
    this.#hello = result;
    this.#direction = event.direction;
    this.#ingress = 'none';
    this.#egress = 'none';
  }

  get hello(): ClientHello | undefined {
    return this.#hello;
  }

  /** Direction that the ClientHello went. */
  get direction(): Direction | undefined {
    return this.#direction;
  }
}
