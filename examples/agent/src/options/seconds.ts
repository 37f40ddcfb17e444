// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../usage-error.js';

/** The longest delay that a Node.js timer takes, in seconds (about 24 days). */
const MAX_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** A number of seconds above zero; fractions are welcome. */
export function parseSeconds(option: string, text: string): number {
  const seconds = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw new UsageError(
      `${option}: '${text}' is not a number of seconds between 0 and ${MAX_SECONDS};`,
      'write for example 30 or 0.5.',
    );
  }
  return seconds;
}
