// SPDX-License-Identifier: Apache-2.0
import type { FlowGap } from '@flowtap/core';
import type { FaultCode } from './constants.js';
import type { Command, Reply } from './redis-text.js';

interface Received {
  readonly startNs: number;
  readonly endNs: number;
  readonly gaps: FlowGap[] | undefined;
  /** Why it does not come to its end. */
  readonly fault: FaultCode | undefined;
}

export interface ReceivedCommand extends Received {
  readonly command: Command;
  /** The name and the first arguments in upper case, as far as they are short: what tells the command's effect. */
  readonly words: readonly string[];
}

export interface ReceivedReply extends Received {
  readonly reply: Reply;
  /** It was marked as no reply to a command (RESP3). */
  readonly isPush: boolean;
}
