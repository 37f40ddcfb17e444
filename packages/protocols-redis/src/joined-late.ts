// SPDX-License-Identifier: Apache-2.0
import type { ParserContext } from '@flowtap/core';

/** Whether messages may have passed before the first ones: that none did may be learnt later only. */
export class JoinedLate {
  readonly #context: ParserContext;
  #value: boolean;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#value = context.joinedLate;
  }

  get value(): boolean {
    return this.#value;
  }

  /** True when it turns out that none did. */
  turnsOutFalse(): boolean {
    if (!this.#value || this.#context.joinedLate) return false;
    this.#value = false;
    return true;
  }
}
