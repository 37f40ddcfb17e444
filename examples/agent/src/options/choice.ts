// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../usage-error.js';

/** One word of a closed list. */
export function parseChoice<T extends string>(option: string, choices: readonly T[], text: string): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new UsageError(`${option}: '${text}' is not one of ${choices.join(', ')}.`);
  return choice;
}
