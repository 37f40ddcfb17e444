// SPDX-License-Identifier: Apache-2.0

/** What a server writes of a FLOAT, whatever more it holds. */
const FLOAT_DIGITS = 6;

/** Digits before the point, or zeros behind it, up to which a server writes a number without exponent. */
const MAX_PLAIN_DIGITS = 15;

/** Number of decimals that stands for "as many as it takes". */
const UNLIMITED_DECIMALS = 31;

/** A DOUBLE as the server writes it in a text result. */
export function doubleText(value: number, decimals: number): string {
  return decimals < UNLIMITED_DECIMALS ? value.toFixed(decimals) : shortText(value);
}

/** A FLOAT as the server writes it in a text result. */
export function floatText(value: number, decimals: number): string {
  return decimals < UNLIMITED_DECIMALS ? value.toFixed(decimals) : shortText(Number(value.toPrecision(FLOAT_DIGITS)));
}

/** The shortest text that stands for this FLOAT and no other: of a parameter, of which nobody has written a text. */
export function exactFloatText(value: number): string {
  for (let digits = FLOAT_DIGITS; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return shortText(short);
  }
  return shortText(Number(value.toPrecision(9)));
}

function shortText(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  const [mantissa = '', exponentText] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= MAX_PLAIN_DIGITS || exponent < -MAX_PLAIN_DIGITS) return `${mantissa}e${exponent}`;
  const digits = mantissa.replace(/[-.]/g, '');
  const sign = value < 0 ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0');
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}
