// SPDX-License-Identifier: Apache-2.0
import type { FlowGap } from '@flowtap/core';

/** A packet, or several where the first ones have the greatest length. */
export interface Message {
  /** Of its first packet. A command begins with 0. */
  readonly sequence: number;
  /** Its first bytes, in one piece. Borrowed: copy what is kept. */
  readonly payload: Buffer;
  /** True length. */
  readonly size: number;
  readonly startNs: number;
  readonly endNs: number;
}

/** Whether the payload is there to its end. */
export function isWhole({ payload, size }: Message): boolean {
  return payload.length === size;
}

/** Whether a message can begin with these bytes; `more`: longer ones would tell. */
export type Beginning = 'yes' | 'no' | 'more';

/** Why bytes are missing: they were not captured, break the protocol, or are compressed in a way that cannot be undone. */
export type Loss = FlowGap | 'malformed' | 'undecodable';

/** Hears what a reader finds, synchronously and in wire order. */
export interface MessageListener {
  /** Bytes of the message that begins which are of use. */
  wantedBytes(): number;
  message(message: Message): void;
  /** Bytes within a message, which will come without them. */
  missing(loss: Loss): void;
  /** Messages may have been missed. */
  lost(loss: Loss): void;
  /** Asked at the beginning of a chunk while it is not known where messages begin. */
  begins(bytes: Buffer): Beginning;
}
