// SPDX-License-Identifier: Apache-2.0
import type { ParserContext, StreamChunk } from '@flowtap/core';

/**
 * Whether bytes may have passed before the first ones. That none did may be learnt later only: plaintext of a TLS library
 * can come before its socket is known.
 */
export class JoinedLate {
  readonly #context: ParserContext;
  #value: boolean;
  /** It may still be taken back. */
  #isOpen: boolean;
  #hasIngress = false;
  #hasEgress = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#value = context.joinedLate;
    this.#isOpen = context.joinedLate && context.connection.joinedLate;
  }

  get value(): boolean {
    return this.#value;
  }

  /** True when it is taken back now. */
  isRevokedBy({ direction, offset }: StreamChunk): boolean {
    if (!this.#isOpen) return false;
    const isFirst = direction === 'ingress' ? !this.#hasIngress : !this.#hasEgress;
    if (direction === 'ingress') this.#hasIngress = true;
    else this.#hasEgress = true;
    if (isFirst && offset > 0) this.#isOpen = false;
    if (!this.#isOpen || this.#context.connection.joinedLate) return false;
    this.#isOpen = false;
    this.#value = false;
    return true;
  }

  /** Bytes were missed, whenever the connection began. */
  noteLoss(): void {
    this.#isOpen = false;
  }
}
