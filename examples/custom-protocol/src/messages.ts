// SPDX-License-Identifier: Apache-2.0
import type { HttpBody } from '@flowtap/core';

/** A command, such as `set greeting 0 0 5` with a value. */
export interface MemcachedRequest {
  readonly command: string;
  /** The words after the command. */
  readonly words: readonly string[];
  /** What is to be stored. */
  readonly value?: HttpBody;
}

export interface MemcachedResponse {
  /** The line that ends the reply: `STORED`, `END`, a number, an error … */
  readonly status: string;
  /** The first items that were found. */
  readonly items: readonly MemcachedItem[];
  /** Items and other lines in front of the last one, listed or not. */
  readonly count: number;
}

export interface MemcachedItem {
  readonly key: string;
  readonly value: HttpBody;
}

declare module '@flowtap/core' {
  interface ProtocolMessages {
    memcached: { request: MemcachedRequest; response: MemcachedResponse };
  }
}
