// SPDX-License-Identifier: Apache-2.0
import type { FlowGap } from '@flowtap/core';

/** Hears what a reader finds: synchronously and in wire order. Types are the bytes of `Type`. */
export interface RespListener {
  /** A message begins: a value that is no part of another one, or the attributes in front of it. */
  begin(timestampNs: number): void;
  /** An aggregate begins. `items`: keys and values counted apart; undefined when it is streamed. */
  open(type: number, items: number | undefined): void;
  close(): void;
  /** A value that a short line holds. */
  scalar(type: number, text: string): void;
  /** `length`: undefined when only the end tells. */
  stringBegin(type: number, length: number | undefined): void;
  stringPart(bytes: Buffer, start: number, end: number): void;
  stringGap(gap: FlowGap): void;
  stringEnd(): void;
  /** A line of words (latin1), as only a client sends it. False: it is none. */
  inline(line: string): boolean;
  /** The message ends. `size`: its bytes on the wire. */
  end(size: number, timestampNs: number): void;
  /** What was begun does not come to its end, and messages may have been missed. Without a gap the bytes made no sense. */
  lost(gap: FlowGap | undefined, size: number): void;
}
