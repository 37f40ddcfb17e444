// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../usage-error.js';

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `65536`, `64k`, `64KiB`, `1m`: units are powers of 1024. */
export function parseBytes(option: string, text: string): number {
  const match = /^(\d+)([kmg]?)(?:i?b)?$/i.exec(text.trim());
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ''];
  const bytes = match === null || unit === undefined ? Number.NaN : Number(match[1]) * unit;
  if (!Number.isSafeInteger(bytes)) {
    throw new UsageError(`${option}: '${text}' is not a number of bytes;`, 'write for example 65536, 64k or 1m.');
  }
  return bytes;
}
