// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { little, str } from '../../test/packets.js';
import { PayloadReader } from '../packets/payload-reader.js';
import { parameterType, readBinaryValue } from './binary-value.js';
import { doubleText, exactFloatText, floatText } from './floating.js';
import { cutText, shownText, textValue } from './text.js';
import { ColumnFlag, isBinary, TypeCode, typeName, type ValueType } from './types.js';

const TYPE: ValueType = { code: TypeCode.LONG, flags: 0, collation: 63, decimals: 0, width: 0 };

function read(type: Partial<ValueType>, ...parts: readonly Buffer[]) {
  const reader = new PayloadReader(Buffer.concat(parts));
  const value = readBinaryValue(reader, { ...TYPE, ...type });
  expect(reader).toMatchObject({ failed: false, left: 0 });
  return value;
}

const single = (...values: readonly number[]) => Buffer.from(values);

function float(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return buffer;
}

describe('a binary value is written as in a text result', () => {
  it.each([
    [TypeCode.TINY, 0, little(-1, 1), '-1'],
    [TypeCode.TINY, ColumnFlag.UNSIGNED, little(-1, 1), '255'],
    [TypeCode.SHORT, 0, little(-300, 2), '-300'],
    [TypeCode.INT24, 0, little(-70_000, 4), '-70000'],
    [TypeCode.LONG, ColumnFlag.UNSIGNED, little(-1, 4), '4294967295'],
    [TypeCode.LONGLONG, 0, little(-(2n ** 63n), 8), '-9223372036854775808'],
    [TypeCode.LONGLONG, ColumnFlag.UNSIGNED, little(-1, 8), '18446744073709551615'],
  ])('integer of type %i with flags %i', (code, flags, bytes, text) => {
    expect(read({ code, flags }, bytes)).toBe(text);
  });

  it('with the zeros of ZEROFILL', () => {
    expect(read({ flags: ColumnFlag.UNSIGNED | ColumnFlag.ZEROFILL, width: 6 }, little(42, 4))).toBe('000042');
    expect(read({ code: TypeCode.YEAR, flags: 0x60, width: 4 }, little(0, 2))).toBe('0000');
  });

  it.each([
    [TypeCode.DATE, 0, single(0), '0000-00-00'],
    [TypeCode.DATE, 0, single(4, 0xe8, 7, 2, 29), '2024-02-29'],
    [TypeCode.DATETIME, 0, single(0), '0000-00-00 00:00:00'],
    [TypeCode.DATETIME, 3, single(4, 0xe8, 7, 2, 29), '2024-02-29 00:00:00.000'],
    [TypeCode.TIMESTAMP, 0, single(7, 0xe8, 7, 2, 29, 1, 2, 3), '2024-02-29 01:02:03'],
    [TypeCode.DATETIME, 6, single(11, 0xe8, 7, 2, 29, 1, 2, 3, 0x40, 0xe2, 1, 0), '2024-02-29 01:02:03.123456'],
    [TypeCode.DATETIME, 31, single(11, 0xe8, 7, 2, 29, 1, 2, 3, 1, 0, 0, 0), '2024-02-29 01:02:03.000001'],
    [TypeCode.TIME, 0, single(0), '00:00:00'],
    [TypeCode.TIME, 0, single(8, 1, 34, 0, 0, 0, 22, 59, 59), '-838:59:59'],
    [TypeCode.TIME, 2, single(12, 0, 0, 0, 0, 0, 1, 2, 3, 0x40, 0xe2, 1, 0), '01:02:03.12'],
  ])('time of type %i with %i decimals', (code, decimals, bytes, text) => {
    expect(read({ code, decimals }, bytes)).toBe(text);
  });

  it('decimals and strings as they are, bytes as bytes', () => {
    expect(read({ code: TypeCode.NEWDECIMAL }, str('12.50'))).toBe('12.50');
    expect(read({ code: TypeCode.VAR_STRING, collation: 45 }, str('Äpfel'))).toBe('Äpfel');
    expect(read({ code: TypeCode.BLOB }, str(single(0, 255)))).toEqual(Uint8Array.from([0, 255]));
    expect(read({ code: TypeCode.JSON }, str('{"a":1}'))).toBe('{"a":1}');
    expect(read({ code: TypeCode.BIT, collation: 63 }, str(single(10)))).toEqual(Uint8Array.from([10]));
  });
});

describe('numbers with a floating point', () => {
  it.each([
    [0, '0'],
    [1.5, '1.5'],
    [-0.001, '-0.001'],
    [1e14, '100000000000000'],
    [1e15, '1e15'],
    [1.25e20, '1.25e20'],
    [1e-15, '0.000000000000001'],
    [1e-17, '1e-17'],
    [123_456.789, '123456.789'],
  ])('DOUBLE %d is %s', (value, text) => {
    expect(doubleText(value, 31)).toBe(text);
  });

  it('FLOAT has six digits, as a parameter all that it takes', () => {
    expect(floatText(Math.fround(1.1), 31)).toBe('1.1');
    expect(floatText(16_777_216, 31)).toBe('16777200');
    expect(exactFloatText(Math.fround(1.1))).toBe('1.1');
    expect(exactFloatText(16_777_216)).toBe('16777216');
    expect(readBinaryValue(new PayloadReader(float(16_777_216)), parameterType(TypeCode.FLOAT, false), true)).toBe(
      '16777216',
    );
  });

  it('those of a fixed number of decimals have them', () => {
    expect(doubleText(1.5, 3)).toBe('1.500');
    expect(floatText(2, 2)).toBe('2.00');
  });
});

describe('text', () => {
  it('is decoded as the collation says, and stays bytes where nothing fits', () => {
    expect(textValue(Buffer.from('Äpfel'), 45)).toBe('Äpfel');
    expect(textValue(Buffer.from([0xc4, 0x80]), 8)).toBe('Ä€');
    expect(textValue(Buffer.from([0x83, 0x65]), 13)).toEqual(Uint8Array.from([0x83, 0x65]));
  });

  it('is shown in any case where it must be', () => {
    expect(shownText(Buffer.from([0xc4]))).toBe('Ä');
  });

  it.each(['aé', 'a€', 'a😀'])('%s is cut between characters', (text) => {
    const bytes = Buffer.from(text);
    for (let length = 1; length < bytes.length; length++) expect(cutText(bytes, length).toString()).toBe('a');
    expect(cutText(bytes, bytes.length).toString()).toBe(text);
  });
});

it('types have the names of SQL', () => {
  const name = (type: Partial<ValueType>) => typeName({ ...TYPE, ...type });
  expect(name({ flags: ColumnFlag.UNSIGNED })).toBe('INT UNSIGNED');
  expect(name({ code: TypeCode.BLOB })).toBe('BLOB');
  expect(name({ code: TypeCode.BLOB, collation: 45 })).toBe('TEXT');
  expect(name({ code: TypeCode.STRING, collation: 45, flags: ColumnFlag.ENUM })).toBe('ENUM');
  expect(name({ code: 200 })).toBeUndefined();
  expect(isBinary({ ...TYPE, code: TypeCode.STRING })).toBe(true);
  expect(isBinary({ ...TYPE, code: TypeCode.DATE })).toBe(false);
});
