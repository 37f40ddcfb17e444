// SPDX-License-Identifier: Apache-2.0
import { Type } from './constants.js';
import type { RedisValue } from './redis-message.js';

/** Up to so many digits every whole number is exact as a number. */
const SAFE_DIGITS = 15;

/** The value of a line whose form was checked. */
export function lineValue(type: number, text: string): RedisValue {
  switch (type) {
    case Type.INTEGER:
      return integerOf(text);
    case Type.DOUBLE:
      return /inf|nan/.test(text) ? { type: 'double', text } : Number(text);
    case Type.BOOLEAN:
      return text === 't';
    default:
      return null;
  }
}

function integerOf(text: string): number | bigint {
  if (text.length <= SAFE_DIGITS) return Number(text);
  const exact = BigInt(text.startsWith('+') ? text.slice(1) : text);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}
