// SPDX-License-Identifier: Apache-2.0
import { Capability } from '../src/capabilities.js';

/** Packets as both ends write them, made from the documentation of the protocol and by nothing that the parser uses. */

export type Part = Buffer | string | number;

const MAX_PACKET_BYTES = 0xff_ff_ff;

/** Strings are UTF-8, numbers single bytes. */
export function bytes(...parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));
}

export function little(value: number | bigint, length: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return buffer.subarray(0, length);
}

export function counted(value: number): Buffer {
  if (value < 0xfb) return bytes(value);
  if (value <= 0xffff) return bytes(0xfc, little(value, 2));
  if (value <= MAX_PACKET_BYTES) return bytes(0xfd, little(value, 3));
  return bytes(0xfe, little(value, 8));
}

/** A length-encoded string. */
export function str(text: string | Buffer): Buffer {
  const content = Buffer.from(text);
  return bytes(counted(content.length), content);
}

/** One message from this sequence number on: several packets where it is long. */
export function message(sequence: number, ...parts: readonly Part[]): Buffer {
  const payload = bytes(...parts);
  const packets: Buffer[] = [];
  for (let at = 0; at <= payload.length; at += MAX_PACKET_BYTES) {
    const piece = payload.subarray(at, at + MAX_PACKET_BYTES);
    packets.push(bytes(little(piece.length, 3), (sequence + packets.length) & 0xff, piece));
    if (piece.length < MAX_PACKET_BYTES) break;
  }
  return Buffer.concat(packets);
}

/** Messages that follow one another. */
export function messages(firstSequence: number, ...payloads: readonly Buffer[]): Buffer {
  return Buffer.concat(payloads.map((payload, i) => message((firstSequence + i) & 0xff, payload)));
}

export const MARIADB_FLAGS = 0x81_ff_f7_fe;
export const MYSQL_FLAGS = 0xdf_ff_ff_ff;

export interface GreetingInit {
  readonly version?: string;
  readonly flags?: number;
  readonly mariadbFlags?: number;
}

export function greeting({ version = '8.4.3', flags = MYSQL_FLAGS, mariadbFlags = 0 }: GreetingInit = {}): Buffer {
  const head = bytes(0x0a, version, 0, little(42, 4), 'challeng', 0);
  const low = bytes(little(flags, 2), 0xff, little(2, 2), little(Math.floor(flags / 0x1_00_00), 2));
  const tail = bytes(21, Buffer.alloc(6), little(mariadbFlags, 4), 'e of 12 byte', 0, 'caching_sha2_password', 0);
  return message(0, head, low, tail);
}

/** What clients of today ask for. */
export const CLIENT_FLAGS =
  Capability.CLIENT_MYSQL |
  Capability.PROTOCOL_41 |
  Capability.SECURE_CONNECTION |
  Capability.PLUGIN_AUTH |
  Capability.PLUGIN_AUTH_LENENC |
  Capability.SESSION_TRACK |
  Capability.DEPRECATE_EOF;

export interface LoginInit {
  readonly flags?: number;
  readonly mariadbFlags?: number;
  readonly sequence?: number;
  readonly user?: string;
  readonly database?: string;
}

export const SECRET = 'proof-of-the-secret';

export function login(init: LoginInit = {}): Buffer {
  const { flags = CLIENT_FLAGS, mariadbFlags = 0, sequence = 1, user = 'ann', database } = init;
  const all = database === undefined ? flags : flags | Capability.CONNECT_WITH_DB;
  const head = bytes(little(all, 4), little(0x1_00_00_00, 4), 45, Buffer.alloc(19), little(mariadbFlags, 4));
  const names = bytes(user, 0, str(SECRET), ...(database === undefined ? [] : [database, 0]));
  return message(sequence, head, names, 'caching_sha2_password', 0);
}

export function tlsRequest(flags = CLIENT_FLAGS | Capability.TLS): Buffer {
  return message(1, little(flags, 4), little(0x1_00_00_00, 4), 45, Buffer.alloc(23));
}

export function command(byte: number, ...parts: readonly Part[]): Buffer {
  return message(0, byte, ...parts);
}

export function query(sql: string | Buffer): Buffer {
  return command(0x03, sql);
}

export interface OkInit {
  readonly header?: number;
  readonly affected?: number;
  readonly insertId?: number;
  readonly status?: number;
  readonly warnings?: number;
  readonly info?: string;
  /** Makes the info length-encoded. */
  readonly changes?: Buffer;
}

/** Payload of an OK packet. */
export function ok(init: OkInit = {}): Buffer {
  const { header = 0, affected = 0, insertId = 0, status = 2, warnings = 0, info = '', changes } = init;
  const fixed = bytes(header, counted(affected), counted(insertId), little(status, 2), little(warnings, 2));
  if (changes !== undefined) return bytes(fixed, str(info), str(changes));
  return info === '' ? fixed : bytes(fixed, str(info));
}

/** An OK packet in place of an EOF packet. */
export function end(init: OkInit = {}): Buffer {
  return ok({ ...init, header: 0xfe });
}

export function eof(status = 2, warnings = 0): Buffer {
  return bytes(0xfe, little(warnings, 2), little(status, 2));
}

export function error(number: number, state: string, text: string): Buffer {
  return bytes(0xff, little(number, 2), '#', state, text);
}

export interface ColumnInit {
  readonly name: string;
  readonly type?: number;
  readonly flags?: number;
  readonly collation?: number;
  readonly decimals?: number;
  readonly width?: number;
  readonly extended?: Buffer;
}

/** Payload of a column definition. By default of a text in UTF-8. */
export function column(init: ColumnInit): Buffer {
  const { name, type = 253, flags = 0, collation = 45, decimals = 0, width = 80, extended } = init;
  const names = bytes(str('def'), str('shop'), str('t'), str('things'), str(name), str(name));
  const fixed = bytes(12, little(collation, 2), little(width, 4), type, little(flags, 2), decimals, 0, 0);
  return bytes(names, ...(extended === undefined ? [] : [str(extended)]), fixed);
}

/** Payload of a text row; undefined is NULL. */
export function row(...values: readonly (string | Buffer | undefined)[]): Buffer {
  return bytes(...values.map((value) => (value === undefined ? 0xfb : str(value))));
}

/** Payload of a binary row. */
export function binaryRow(nulls: Buffer, ...values: readonly Part[]): Buffer {
  return bytes(0, nulls, ...values);
}

export interface ParameterInit {
  readonly type: number;
  readonly isUnsigned?: boolean;
  /** Absent for NULL, and for what was sent in pieces. */
  readonly value?: Buffer;
  readonly isNull?: boolean;
}

/** Payload of an execution, with or without the types. */
export function execution(id: number, parameters: readonly ParameterInit[], hasTypes = true): Buffer {
  const nulls = Buffer.alloc((parameters.length + 7) >> 3);
  for (const [i, { isNull }] of parameters.entries()) {
    if (isNull === true) nulls[i >> 3] = (nulls[i >> 3] ?? 0) | (1 << (i & 7));
  }
  const types = parameters.map(({ type, isUnsigned }) => bytes(type, isUnsigned === true ? 0x80 : 0));
  const values = parameters.map(({ value }) => value ?? Buffer.alloc(0));
  const bound = parameters.length === 0 ? [] : [nulls, hasTypes ? 1 : 0, ...(hasTypes ? types : []), ...values];
  return bytes(0x17, little(id, 4), 0, little(1, 4), ...bound);
}

/** Payload of the first packet that answers a `prepare`. */
export function prepared(id: number, columns: number, parameters: number): Buffer {
  return bytes(0, little(id, 4), little(columns, 2), little(parameters, 2), 0, little(0, 2));
}
