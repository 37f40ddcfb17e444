// SPDX-License-Identifier: Apache-2.0

/** Significant digits up to which the server writes a number without exponent. */
const DOUBLE_DIGITS = 15;
const SINGLE_DIGITS = 6;
const LEAST_EXPONENT = -4;

/** A float8 as the server writes it: the shortest decimal that is read as the same number. */
export function float8Text(value: number): string {
  return shortestText(value, String(Math.abs(value)), DOUBLE_DIGITS);
}

/** The same of a float4. */
export function float4Text(value: number): string {
  const size = Math.abs(value);
  let text = String(size);
  for (let digits = 1; digits <= 9 && Number.isFinite(size); digits += 1) {
    text = size.toPrecision(digits);
    if (Math.fround(Number(text)) === size) break;
  }
  return shortestText(value, text, SINGLE_DIGITS);
}

function shortestText(value: number, size: string, maxDigits: number): string {
  if (Number.isNaN(value)) return 'NaN';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (!Number.isFinite(value)) return `${sign}Infinity`;
  const { digits, exponent } = decimalParts(size);
  if (exponent < LEAST_EXPONENT || exponent >= maxDigits) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return sign + whole + (fraction === '' ? '' : `.${fraction}`);
}

/** Digits without zeros around them, and the power of ten of the first one. */
function decimalParts(text: string): { readonly digits: string; readonly exponent: number } {
  const [mantissa = '0', power = '0'] = text.split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const all = whole + fraction;
  const first = /[1-9]/.exec(all)?.index;
  if (first === undefined) return { digits: '0', exponent: 0 };
  return { digits: all.slice(first).replace(/0+$/, ''), exponent: Number(power) + whole.length - 1 - first };
}
