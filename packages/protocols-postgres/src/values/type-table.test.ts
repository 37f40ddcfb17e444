// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { int16, int32, int64 } from '../../test/messages.js';
import { BINARY_FORMAT, readValue, TEXT_FORMAT, typeName } from './type-table.js';

const double = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
};
const single = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return bytes;
};
const numeric = (weight: number, sign: number, scale: number, ...digits: readonly number[]) =>
  Buffer.concat([
    int16(digits.length),
    int16(weight),
    Buffer.from([sign >> 8, sign & 255]),
    int16(scale),
    ...digits.map(int16),
  ]);
const micros = (days: number, us = 0n) => int64(BigInt(days) * 86_400_000_000n + us);

/** Each as PostgreSQL 15 writes the same value as text: `SELECT float8send(x), x`. */
const VALUES: readonly (readonly [oid: number, bytes: Buffer, text: string])[] = [
  [16, Buffer.from([1]), 't'],
  [16, Buffer.from([0]), 'f'],
  [20, int64(-9_007_199_254_740_993n), '-9007199254740993'],
  [21, int16(-2), '-2'],
  [23, int32(-1), '-1'],
  [26, int32(4_294_967_295), '4294967295'],
  [25, Buffer.from('größer'), 'größer'],
  [19, Buffer.from('a_name'), 'a_name'],
  [114, Buffer.from('{"a": 1}'), '{"a": 1}'],
  [3802, Buffer.from('\x01{"a": 1}'), '{"a": 1}'],
  [700, single(0.1), '0.1'],
  [700, single(1e6), '1e+06'],
  [700, single(123_456), '123456'],
  [700, single(-1.5e-7), '-1.5e-07'],
  [700, single(16_777_216), '1.6777216e+07'],
  [700, Buffer.from('c881e1a4', 'hex'), '-265997.12'],
  [700, Buffer.from('4a69e4dd', 'hex'), '3.8321192e+06'],
  [701, Buffer.from('4388399dad4d21fc', 'hex'), '2.1819996227896922e+17'],
  [701, Buffer.from('4373bdb07c59197e', 'hex'), '8.890544408976381e+16'],
  [701, double(0.1), '0.1'],
  [701, double(1e15), '1e+15'],
  [701, double(123_456_789_012_345), '123456789012345'],
  [701, double(1e-5), '1e-05'],
  [701, double(0.0001), '0.0001'],
  [701, double(1.7976931348623157e308), '1.7976931348623157e+308'],
  [701, double(100), '100'],
  [701, double(-0), '-0'],
  [701, double(Number.NaN), 'NaN'],
  [701, double(-Infinity), '-Infinity'],
  [1700, numeric(0, 0, 0), '0'],
  [1700, numeric(0, 0, 2, 12, 5000), '12.50'],
  [1700, numeric(1, 0x4000, 4, 1, 2345, 6789), '-12345.6789'],
  [1700, numeric(-2, 0, 8, 12), '0.00000012'],
  [1700, numeric(2, 0, 0, 1), '100000000'],
  [1700, numeric(0, 0xc000, 0), 'NaN'],
  [1700, numeric(0, 0xd000, 32), 'Infinity'],
  [1700, numeric(0, 0xf000, 32), '-Infinity'],
  [1082, int32(0), '2000-01-01'],
  [1082, int32(-730_425), '0001-03-01 BC'],
  [1082, int32(8825), '2024-02-29'],
  [1082, int32(-1), '1999-12-31'],
  [1082, int32(0x7fff_ffff), 'infinity'],
  [1082, int32(-0x8000_0000), '-infinity'],
  [1083, int64(86_399_500_000n), '23:59:59.5'],
  [1114, micros(-10_957, -500_000n), '1969-12-31 23:59:59.5'],
  [1114, micros(8825, 43_200_000_001n), '2024-02-29 12:00:00.000001'],
  [1114, int64(0x7fff_ffff_ffff_ffffn), 'infinity'],
  [1184, micros(0), '2000-01-01 00:00:00+00'],
  [1184, int64(-0x8000_0000_0000_0000n), '-infinity'],
  [2950, Buffer.from('a0eebc999c0b4ef8bb6d6bb9bd380a11', 'hex'), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
];

test.each(VALUES.map(([oid, bytes, text]) => ({ type: typeName(oid), oid, bytes, text })))(
  '$type $text',
  ({ oid, bytes, text }) => {
    expect(readValue(bytes, BINARY_FORMAT, oid)).toBe(text);
    expect(readValue(Buffer.from(text), TEXT_FORMAT, oid)).toBe(text);
  },
);

describe('stays bytes', () => {
  test.each([
    ['a bytea', 17, Buffer.from([0, 255])],
    ['a type of one database only', 99_999, Buffer.from('x')],
    ['an array', 1007, int32(1)],
    ['a value of the wrong length', 23, int16(1)],
    ['a jsonb of another version', 3802, Buffer.from('\x02{}')],
    ['a numeric with digits that are none', 1700, numeric(0, 0, 0, 12_345)],
    ['a numeric of a few bytes and many digits', 1700, numeric(30_000, 0, 0, 1)],
    ['a numeric that is cut', 1700, numeric(0, 0, 0, 1).subarray(0, 9)],
  ])('%s', (_, oid, bytes) => {
    expect(readValue(bytes, BINARY_FORMAT, oid)).toEqual(new Uint8Array(bytes));
  });

  test('a value whose format or type is not known', () => {
    expect(readValue(int32(1), undefined, 23)).toEqual(new Uint8Array(int32(1)));
    expect(readValue(int32(1), BINARY_FORMAT, undefined)).toEqual(new Uint8Array(int32(1)));
  });
});
