// SPDX-License-Identifier: Apache-2.0
import { type FlowGap, withGap } from '@flowtap/core';
import type { FaultCode } from './constants.js';
import type { ReceivedReply } from './received.js';
import type { RedisValue } from './redis-message.js';
import { Reply } from './redis-text.js';

/** The confirmations of one command, one for each channel. Of many the first ones are kept. */
export class Confirmations {
  readonly #maxBytes: number;
  readonly #values: RedisValue[] = [];
  #size = 0;
  #isTruncated = false;
  #startNs: number | undefined;
  #endNs = 0;
  #gaps: FlowGap[] | undefined;
  #fault: FaultCode | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add({ reply, startNs, endNs, gaps, fault }: ReceivedReply): void {
    this.#size += reply.size;
    if (this.#size <= this.#maxBytes && reply.value !== undefined) this.#values.push(reply.value);
    if (this.#size > this.#maxBytes || reply.truncated === true) this.#isTruncated = true;
    this.#startNs ??= startNs;
    this.#endNs = endNs;
    for (const gap of gaps ?? []) this.#gaps = withGap(this.#gaps, gap);
    this.#fault ??= fault;
  }

  toReply(): ReceivedReply {
    const reply = new Reply({
      value: [...this.#values],
      size: this.#size,
      heldBytes: Math.min(this.#size, this.#maxBytes),
      ...(this.#isTruncated ? { truncated: true } : {}),
    });
    const startNs = this.#startNs ?? this.#endNs;
    return { reply, isPush: false, startNs, endNs: this.#endNs, gaps: this.#gaps, fault: this.#fault };
  }
}
