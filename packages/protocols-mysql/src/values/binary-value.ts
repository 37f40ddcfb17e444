// SPDX-License-Identifier: Apache-2.0
import type { SqlValue } from '@flowtap/core';
import type { PayloadReader } from '../packets/payload-reader.js';
import { doubleText, exactFloatText, floatText } from './floating.js';
import { readDate, readDateTime, readTime } from './temporal.js';
import { textValue } from './text.js';
import { ColumnFlag, isBinary, TypeCode, type ValueType } from './types.js';

/** Type of a parameter: of text nobody says in which character set it is. */
export function parameterType(code: number, isUnsigned: boolean): ValueType {
  const isBlob = code >= TypeCode.TINY_BLOB && code <= TypeCode.BLOB;
  return { code, flags: isUnsigned ? ColumnFlag.UNSIGNED : 0, collation: isBlob ? 63 : 0, decimals: 31, width: 0 };
}

/** A value that is not NULL, in the binary form of rows and parameters, as the server would write it in a text result. */
export function readBinaryValue(reader: PayloadReader, type: ValueType, isParameter = false): SqlValue {
  const { code, decimals } = type;
  switch (code) {
    case TypeCode.TINY:
    case TypeCode.SHORT:
    case TypeCode.YEAR:
    case TypeCode.LONG:
    case TypeCode.INT24:
    case TypeCode.LONGLONG:
      return integerText(reader, type);
    case TypeCode.FLOAT: {
      const value = reader.float();
      return isParameter ? exactFloatText(value) : zeroFilled(floatText(value, decimals), type);
    }
    case TypeCode.DOUBLE:
      return zeroFilled(doubleText(reader.double(), decimals), type);
    case TypeCode.DATE:
      return readDate(reader);
    case TypeCode.TIMESTAMP:
    case TypeCode.DATETIME:
      return readDateTime(reader, decimals);
    case TypeCode.TIME:
      return readTime(reader, decimals);
    case TypeCode.NULL:
      return null;
    default:
      return stringValue(reader.string(), type);
  }
}

/** A value that is written as a string, in text results and in the binary form of strings. */
export function stringValue(bytes: Buffer, type: ValueType): SqlValue {
  return isBinary(type) ? Uint8Array.from(bytes) : textValue(bytes, type.collation);
}

function integerText(reader: PayloadReader, type: ValueType): string {
  const isUnsigned = (type.flags & ColumnFlag.UNSIGNED) !== 0;
  if (type.code === TypeCode.LONGLONG) {
    return zeroFilled(String(isUnsigned ? reader.uint64() : reader.int64()), type);
  }
  const bytes = type.code === TypeCode.TINY ? 1 : type.code === TypeCode.SHORT || type.code === TypeCode.YEAR ? 2 : 4;
  return zeroFilled(String(isUnsigned ? reader.uint(bytes) : reader.int(bytes)), type);
}

function zeroFilled(text: string, { flags, width }: ValueType): string {
  return (flags & ColumnFlag.ZEROFILL) === 0 ? text : text.padStart(Math.min(width, 255), '0');
}
