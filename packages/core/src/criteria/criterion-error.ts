// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../errors.js';

/** A criterion that means nothing. */
export function criterionError(name: string, value: unknown, hint: string): ConfigError {
  return new ConfigError('CONFIG_INVALID_OPTION', `The filter's ${name} cannot be ${JSON.stringify(value)}.`, { hint });
}
