// SPDX-License-Identifier: Apache-2.0
import type { FlowGap } from '@flowtap/core';
import type { Framing } from './framing.js';
import type { Message } from './message.js';
import type { MessageReader } from './message-reader.js';

/** What to do after a head. `wait`: ask again on `resume`. `refuse`: it cannot be a message, look on. */
export type HeadVerdict = Framing | 'wait' | 'refuse';

/** Bytes whose framing is not known. */
export interface Loss {
  /** They were not captured; absent: they were there and made no sense. */
  readonly gap: FlowGap | undefined;
  /** At least one message began in them. */
  readonly hidesStart: boolean;
}

/** Hears what a reader finds: synchronously and in wire order. */
export interface ReaderListener {
  head(reader: MessageReader, message: Message): HeadVerdict;
  /** A head that breaks off; `end` follows at once unless it is refused. */
  partialHead(reader: MessageReader, message: Message): 'taken' | 'refuse';
  end(reader: MessageReader, message: Message): void;
  lost(reader: MessageReader, loss: Loss): void;
}
