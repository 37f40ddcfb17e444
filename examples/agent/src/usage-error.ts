// SPDX-License-Identifier: Apache-2.0
import { FlowtapError } from '@flowtap/core';

/** The command line asks for something that does not exist, does not fit together or is out of range. */
export class UsageError extends FlowtapError {
  constructor(message: string, hint?: string) {
    super('USAGE', message, hint === undefined ? {} : { hint });
  }
}
