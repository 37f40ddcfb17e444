// SPDX-License-Identifier: Apache-2.0

/** From here on doubles are whole numbers two and more apart, and so are the numbers half way between them. */
const SPARSE = 2 ** 53;
const SINGLE_DIGITS = 9;
/** More digits than a single has where it lies half way between two decimals. */
const EXACT_DIGITS = 25;

const view = new DataView(new ArrayBuffer(8));

/**
 * The shortest decimal that is nearer to a positive double than to any other, as JavaScript writes it. Where a decimal lies
 * half way between two doubles JavaScript takes it, since it is read as the right one, and the server does not.
 */
export function shortestDouble(size: number): string {
  const text = String(size);
  if (size < SPARSE || !Number.isFinite(size)) return text;
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const step = 1n << ((bits >> 52n) - 1075n);
  // Below a power of two they are twice as dense.
  const isPower = (bits & 0xf_ffff_ffff_ffffn) === 0n;
  const value = BigInt(size);
  const digits = value.toString();
  for (let count = significantDigits(text); ; count += 1) {
    const rounded = roundHalfEven(digits, count);
    const difference = BigInt(rounded.padEnd(digits.length + (rounded.length > count ? 1 : 0), '0')) - value;
    const isNearest = difference >= 0n ? 2n * difference < step : -4n * difference < (isPower ? step : 2n * step);
    if (isNearest || count >= digits.length) return exponential(rounded, digits.length - 1 + (rounded.length - count));
  }
}

/** The same of a positive single. */
export function shortestSingle(size: number): string {
  if (!Number.isFinite(size) || size === 0) return String(size);
  view.setFloat32(0, size);
  const bits = view.getUint32(0);
  const neighbours = [bits - 1, bits + 1].map((other) => {
    view.setUint32(0, other);
    return view.getFloat32(0);
  });
  const [mantissa = '', power = '0'] = size.toExponential(EXACT_DIGITS - 1).split('e');
  const digits = mantissa.replace('.', '');
  for (let count = 1; ; count += 1) {
    const rounded = roundHalfEven(digits, count);
    const text = exponential(rounded, Number(power) + (rounded.length - count));
    const read = Number(text);
    const isHalfWay = neighbours.some((other) => (other + size) / 2 === read);
    if (count >= SINGLE_DIGITS || (!isHalfWay && Math.fround(read) === size)) return text;
  }
}

function significantDigits(text: string): number {
  const [mantissa = ''] = text.split('e');
  return mantissa.replace('.', '').replace(/0+$/, '').length;
}

/** The first `count` digits; one more where rounding carries over all of them. */
function roundHalfEven(digits: string, count: number): string {
  const kept = digits.slice(0, count);
  const rest = digits.slice(count);
  const isUp = /^5.*[1-9]|^[6-9]/.test(rest);
  const isTie = /^50*$/.test(rest);
  const isOdd = '13579'.includes(kept.at(-1) ?? '0');
  return isUp || (isTie && isOdd) ? String(BigInt(kept) + 1n).padStart(count, '0') : kept;
}

function exponential(digits: string, exponent: number): string {
  return `${digits[0]}.${digits.slice(1)}e${exponent}`;
}
