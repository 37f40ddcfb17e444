// SPDX-License-Identifier: Apache-2.0
import type { PayloadReader } from '../packets/payload-reader.js';

const MAX_DECIMALS = 6;

/** A binary DATE. */
export function readDate(reader: PayloadReader): string {
  const length = reader.uint(1);
  const text = length < 4 ? '0000-00-00' : dateText(reader);
  reader.skip(length < 4 ? length : length - 4);
  return text;
}

/** A binary DATETIME or TIMESTAMP: parts that are zero may be left out. */
export function readDateTime(reader: PayloadReader, decimals: number): string {
  const length = reader.uint(1);
  const date = length < 4 ? '0000-00-00' : dateText(reader);
  const time = length < 7 ? '00:00:00' : clockText(reader, 0);
  const micros = length < 11 ? 0 : reader.uint(4);
  const read = length < 4 ? 0 : length < 7 ? 4 : length < 11 ? 7 : 11;
  reader.skip(length - read);
  return `${date} ${time}${fractionText(micros, decimals)}`;
}

/** A binary TIME, which is an interval: days count as hours. */
export function readTime(reader: PayloadReader, decimals: number): string {
  const length = reader.uint(1);
  if (length < 8) {
    reader.skip(length);
    return `00:00:00${fractionText(0, decimals)}`;
  }
  const sign = reader.uint(1) === 0 ? '' : '-';
  const clock = clockText(reader, reader.uint(4) * 24);
  const micros = length < 12 ? 0 : reader.uint(4);
  reader.skip(length - (length < 12 ? 8 : 12));
  return `${sign}${clock}${fractionText(micros, decimals)}`;
}

function dateText(reader: PayloadReader): string {
  const year = padded(reader.uint(2), 4);
  return `${year}-${padded(reader.uint(1))}-${padded(reader.uint(1))}`;
}

function clockText(reader: PayloadReader, moreHours: number): string {
  return `${padded(reader.uint(1) + moreHours)}:${padded(reader.uint(1))}:${padded(reader.uint(1))}`;
}

/** As many digits as the column has; where that is not known, all of them or none. */
function fractionText(micros: number, decimals: number): string {
  const known = decimals <= MAX_DECIMALS ? decimals : undefined;
  const digits = known ?? (micros === 0 ? 0 : MAX_DECIMALS);
  return digits === 0 ? '' : `.${padded(micros, MAX_DECIMALS).slice(0, digits)}`;
}

function padded(value: number, digits = 2): string {
  return String(value).padStart(digits, '0');
}
