// SPDX-License-Identifier: Apache-2.0

import { HttpBody } from '../http/http-body.js';
import type { FlowMessage } from './flow-message.js';

/** Messages of one kind that a flow lists; the rest is only counted. */
export const MAX_LISTED_MESSAGES = 1000;

/** The messages that a flow lists: the first ones, with so many bytes together. Counts all. */
export class MessageList<M extends FlowMessage> {
  readonly messages: M[] = [];
  count = 0;
  #spareBytes: number;

  constructor(maxBytes: number) {
    this.#spareBytes = maxBytes;
  }

  get hasRoom(): boolean {
    return this.messages.length < MAX_LISTED_MESSAGES;
  }

  add(message: M): void {
    this.count += 1;
    if (!this.hasRoom) return;
    const { content } = message;
    const kept = Math.min(content.bytes.length, this.#spareBytes);
    this.#spareBytes -= kept;
    this.messages.push(kept === content.bytes.length ? message : { ...message, content: shortened(content, kept) });
  }
}

function shortened({ size, contentEncoding, bytes }: HttpBody, length: number): HttpBody {
  return new HttpBody({ size, truncated: true, contentEncoding, bytes: Buffer.from(bytes.subarray(0, length)) });
}
