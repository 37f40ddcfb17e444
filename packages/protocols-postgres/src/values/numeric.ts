// SPDX-License-Identifier: Apache-2.0
import { Payload } from '../payload.js';

const DIGITS_EACH = 4;
const BASE = 10_000;
const SPECIAL: Readonly<Record<number, string>> = { 0xc000: 'NaN', 0xd000: 'Infinity', 0xf000: '-Infinity' };
const NEGATIVE = 0x4000;
/** A few bytes can stand for a hundred thousand digits: such a number stays bytes. */
const MAX_TEXT = 1000;

/** A numeric in binary (numeric_send): digits in base 10,000. Undefined where it is none, or a very long one. */
export function numericText(bytes: Buffer): string | undefined {
  const payload = new Payload(bytes);
  const count = payload.uint16();
  const weight = payload.int16();
  const sign = payload.uint16();
  const scale = payload.uint16();
  if (payload.isCut) return undefined;
  if (sign in SPECIAL) return SPECIAL[sign];
  if (bytes.length !== 8 + 2 * count || (sign !== 0 && sign !== NEGATIVE)) return undefined;
  if ((Math.max(weight, 0) + 1) * DIGITS_EACH + scale > MAX_TEXT + 8 * bytes.length) return undefined;
  const digits = Array.from({ length: count }, () => payload.uint16());
  if (digits.some((digit) => digit >= BASE)) return undefined;
  const group = (position: number) => String(digits[position] ?? 0).padStart(DIGITS_EACH, '0');
  let whole = '';
  for (let position = 0; position <= weight; position += 1) whole += group(position);
  let fraction = '';
  // Groups right after the point may be left out at the front, where the weight says so.
  for (let position = weight + 1; fraction.length < scale; position += 1) fraction += group(position);
  const text = whole.replace(/^0+(?=.)/, '') || '0';
  return (sign === NEGATIVE ? '-' : '') + text + (scale > 0 ? `.${fraction.slice(0, scale)}` : '');
}
