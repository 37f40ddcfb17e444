// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../usage-error.js';

/** Method and header names are tokens (RFC 9110 §5.6.2). */
export function parseToken(option: string, what: string, text: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(text)) {
    throw new UsageError(`${option}: '${text}' is not ${what}.`);
  }
  return text;
}
