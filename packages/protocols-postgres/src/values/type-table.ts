// SPDX-License-Identifier: Apache-2.0
import type { SqlValue } from '@flowtap/core';
import { dateText, timestampText, timestampTzText, timeText } from './date-time.js';
import { float4Text, float8Text } from './floating-point.js';
import { numericText } from './numeric.js';

/** Text of a value in binary; undefined where it is none of its type. */
type Decode = (bytes: Buffer) => string | undefined;

interface Type {
  readonly name: string;
  readonly decode?: Decode;
}

/** A value of exactly so many bytes. */
function sized(length: number, decode: (bytes: Buffer) => string): Decode {
  return (bytes) => (bytes.length === length ? decode(bytes) : undefined);
}

const text: Decode = (bytes) => bytes.toString('utf8');
const int4 = sized(4, (bytes) => String(bytes.readInt32BE(0)));
const oid = sized(4, (bytes) => String(bytes.readUInt32BE(0)));

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The version in front is 1. */
const jsonb: Decode = (bytes) => (bytes[0] === 1 ? bytes.toString('utf8', 1) : undefined);

/** Types by the object id that they have in every database (pg_type.dat), and their binary form (their send functions). */
const TYPES = new Map<number, Type>([
  [16, { name: 'bool', decode: sized(1, (bytes) => (bytes[0] === 0 ? 'f' : 't')) }],
  [17, { name: 'bytea' }],
  [18, { name: 'char', decode: text }],
  [19, { name: 'name', decode: text }],
  [20, { name: 'int8', decode: sized(8, (bytes) => String(bytes.readBigInt64BE(0))) }],
  [21, { name: 'int2', decode: sized(2, (bytes) => String(bytes.readInt16BE(0))) }],
  [23, { name: 'int4', decode: int4 }],
  [24, { name: 'regproc', decode: oid }],
  [25, { name: 'text', decode: text }],
  [26, { name: 'oid', decode: oid }],
  [28, { name: 'xid', decode: oid }],
  [114, { name: 'json', decode: text }],
  [142, { name: 'xml', decode: text }],
  [600, { name: 'point' }],
  [700, { name: 'float4', decode: sized(4, (bytes) => float4Text(bytes.readFloatBE(0))) }],
  [701, { name: 'float8', decode: sized(8, (bytes) => float8Text(bytes.readDoubleBE(0))) }],
  [705, { name: 'unknown', decode: text }],
  [790, { name: 'money' }],
  [869, { name: 'inet' }],
  [650, { name: 'cidr' }],
  [829, { name: 'macaddr' }],
  [1042, { name: 'bpchar', decode: text }],
  [1043, { name: 'varchar', decode: text }],
  [1082, { name: 'date', decode: sized(4, (bytes) => dateText(bytes.readInt32BE(0))) }],
  [1083, { name: 'time', decode: sized(8, (bytes) => timeText(bytes.readBigInt64BE(0))) }],
  [1114, { name: 'timestamp', decode: sized(8, (bytes) => timestampText(bytes.readBigInt64BE(0))) }],
  [1184, { name: 'timestamptz', decode: sized(8, (bytes) => timestampTzText(bytes.readBigInt64BE(0))) }],
  [1186, { name: 'interval' }],
  [1266, { name: 'timetz' }],
  [1560, { name: 'bit' }],
  [1562, { name: 'varbit' }],
  [1700, { name: 'numeric', decode: numericText }],
  [2205, { name: 'regclass', decode: oid }],
  [2206, { name: 'regtype', decode: oid }],
  [2249, { name: 'record' }],
  [2278, { name: 'void', decode: text }],
  [2950, { name: 'uuid', decode: sized(16, uuidText) }],
  [3802, { name: 'jsonb', decode: jsonb }],
  [199, { name: '_json' }],
  [1000, { name: '_bool' }],
  [1001, { name: '_bytea' }],
  [1003, { name: '_name' }],
  [1005, { name: '_int2' }],
  [1007, { name: '_int4' }],
  [1009, { name: '_text' }],
  [1014, { name: '_bpchar' }],
  [1015, { name: '_varchar' }],
  [1016, { name: '_int8' }],
  [1021, { name: '_float4' }],
  [1022, { name: '_float8' }],
  [1028, { name: '_oid' }],
  [1115, { name: '_timestamp' }],
  [1182, { name: '_date' }],
  [1185, { name: '_timestamptz' }],
  [1231, { name: '_numeric' }],
  [2951, { name: '_uuid' }],
  [3807, { name: '_jsonb' }],
]);

/** Undefined for types that a database has of its own. */
export function typeName(typeOid: number): string | undefined {
  return TYPES.get(typeOid)?.name;
}

/** Format codes (Overview, Formats and Format Codes). */
export const TEXT_FORMAT = 0;
export const BINARY_FORMAT = 1;

/** A value of its own; bytes where nothing tells how to read them. */
export function readValue(bytes: Buffer, format: number | undefined, typeOid: number | undefined): SqlValue {
  if (format === TEXT_FORMAT) return bytes.toString('utf8');
  const decode = format === BINARY_FORMAT && typeOid !== undefined ? TYPES.get(typeOid)?.decode : undefined;
  return decode?.(bytes) ?? new Uint8Array(bytes);
}
