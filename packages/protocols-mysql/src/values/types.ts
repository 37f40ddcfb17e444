// SPDX-License-Identifier: Apache-2.0
import { BINARY_COLLATION } from '../constants.js';

/** Types as the protocol numbers them. */
export const TypeCode = {
  DECIMAL: 0,
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  VARCHAR: 15,
  BIT: 16,
  VECTOR: 242,
  JSON: 245,
  NEWDECIMAL: 246,
  ENUM: 247,
  SET: 248,
  TINY_BLOB: 249,
  MEDIUM_BLOB: 250,
  LONG_BLOB: 251,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
  GEOMETRY: 255,
} as const;

/** Flags of a column. */
export const ColumnFlag = { UNSIGNED: 0x20, ZEROFILL: 0x40, ENUM: 0x100, SET: 0x800 } as const;

/** What is known of a value's type, from a column or from a parameter. */
export interface ValueType {
  readonly code: number;
  readonly flags: number;
  readonly collation: number;
  /** Digits behind the point; 31 where there is no fixed number. */
  readonly decimals: number;
  /** Width for display, in bytes. */
  readonly width: number;
}

const NUMBERS: Readonly<Record<number, string>> = {
  [TypeCode.DECIMAL]: 'DECIMAL',
  [TypeCode.TINY]: 'TINYINT',
  [TypeCode.SHORT]: 'SMALLINT',
  [TypeCode.LONG]: 'INT',
  [TypeCode.FLOAT]: 'FLOAT',
  [TypeCode.DOUBLE]: 'DOUBLE',
  [TypeCode.LONGLONG]: 'BIGINT',
  [TypeCode.INT24]: 'MEDIUMINT',
  [TypeCode.NEWDECIMAL]: 'DECIMAL',
};

const OTHERS: Readonly<Record<number, string>> = {
  [TypeCode.NULL]: 'NULL',
  [TypeCode.TIMESTAMP]: 'TIMESTAMP',
  [TypeCode.DATE]: 'DATE',
  [TypeCode.TIME]: 'TIME',
  [TypeCode.DATETIME]: 'DATETIME',
  [TypeCode.YEAR]: 'YEAR',
  14: 'DATE',
  [TypeCode.BIT]: 'BIT',
  17: 'TIMESTAMP',
  18: 'DATETIME',
  19: 'TIME',
  [TypeCode.VECTOR]: 'VECTOR',
  [TypeCode.JSON]: 'JSON',
  [TypeCode.ENUM]: 'ENUM',
  [TypeCode.SET]: 'SET',
  [TypeCode.GEOMETRY]: 'GEOMETRY',
};

/** By type: its name with a character set, and without one. */
const STRINGS: Readonly<Record<number, readonly [string, string]>> = {
  [TypeCode.VARCHAR]: ['VARCHAR', 'VARBINARY'],
  [TypeCode.TINY_BLOB]: ['TINYTEXT', 'TINYBLOB'],
  [TypeCode.MEDIUM_BLOB]: ['MEDIUMTEXT', 'MEDIUMBLOB'],
  [TypeCode.LONG_BLOB]: ['LONGTEXT', 'LONGBLOB'],
  [TypeCode.BLOB]: ['TEXT', 'BLOB'],
  [TypeCode.VAR_STRING]: ['VARCHAR', 'VARBINARY'],
  [TypeCode.STRING]: ['CHAR', 'BINARY'],
};

/** Name of a type in SQL. Undefined for a type that is not known. */
export function typeName({ code, flags, collation }: ValueType): string | undefined {
  const number = NUMBERS[code];
  if (number !== undefined) return (flags & ColumnFlag.UNSIGNED) === 0 ? number : `${number} UNSIGNED`;
  const names = STRINGS[code];
  if (names === undefined) return OTHERS[code];
  if ((flags & ColumnFlag.ENUM) !== 0) return 'ENUM';
  if ((flags & ColumnFlag.SET) !== 0) return 'SET';
  return names[collation === BINARY_COLLATION ? 1 : 0];
}

/** Whether values are bytes and no text. Numbers and times have the collation of bytes too. */
export function isBinary({ code, collation }: ValueType): boolean {
  if (code === TypeCode.BIT || code === TypeCode.GEOMETRY || code === TypeCode.VECTOR) return true;
  return collation === BINARY_COLLATION && STRINGS[code] !== undefined;
}
