// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../usage-error.js';

const MAX_PID = 2 ** 31 - 1;

export function parsePid(option: string, text: string): number {
  const pid = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(pid >= 1 && pid <= MAX_PID)) {
    throw new UsageError(`${option}: '${text}' is not a process id;`, 'find one with pgrep or ps.');
  }
  return pid;
}
