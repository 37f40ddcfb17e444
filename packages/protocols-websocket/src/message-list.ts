// SPDX-License-Identifier: Apache-2.0
import { HttpBody, type WebSocketMessage } from '@flowtap/core';
import { MAX_LISTED_MESSAGES } from './constants.js';

/** The messages that a flow lists: the first ones, with so many bytes together. Counts all. */
export class MessageList {
  readonly messages: WebSocketMessage[] = [];
  count = 0;
  #spareBytes: number;

  constructor(maxBytes: number) {
    this.#spareBytes = maxBytes;
  }

  get hasRoom(): boolean {
    return this.messages.length < MAX_LISTED_MESSAGES;
  }

  add(message: WebSocketMessage): void {
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
