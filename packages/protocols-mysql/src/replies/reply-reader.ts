// SPDX-License-Identifier: Apache-2.0
import type { Message } from '../packets/message.js';

/** `upload`: the client sends a file before the reply goes on. `malformed`: this is no such reply. */
export type Progress = 'more' | 'done' | 'upload' | 'malformed';

/** Reads the messages that answer one command. */
export interface ReplyReader {
  message(message: Message): Progress;
  /** Bytes of the next message that are of use; undefined: all of them. */
  readonly wantedBytes: number | undefined;
}
