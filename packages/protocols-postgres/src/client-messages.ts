// SPDX-License-Identifier: Apache-2.0
import { Payload } from './payload.js';

/** One format for each value, one for all, or none: then all are text. */
export type Formats = readonly number[];

export interface ParseMessage {
  /** Empty for the unnamed statement. Here and below: undefined where it was not captured. */
  readonly name: string | undefined;
  readonly sql: string;
  readonly sqlTruncated: boolean;
  /** 0 where the client leaves it to the server. */
  readonly parameterOids: readonly number[];
}

export interface BindMessage {
  readonly portal: string | undefined;
  readonly statement: string | undefined;
  readonly formats: Formats;
  /** Copies; null for NULL. */
  readonly values: readonly (Buffer | null)[];
  readonly valuesTruncated: boolean;
  /** Absent where the message is cut before them. */
  readonly resultFormats?: Formats;
}

/** What Describe and Close name. */
export interface Named {
  readonly isStatement: boolean;
  readonly name: string | undefined;
}

export function readQuery(bytes: Buffer): { readonly sql: string; readonly sqlTruncated: boolean } {
  const payload = new Payload(bytes);
  return { sql: payload.text(), sqlTruncated: payload.isCut };
}

export function readParse(bytes: Buffer): ParseMessage {
  const payload = new Payload(bytes);
  const name = payload.name();
  const sql = payload.text();
  const sqlTruncated = payload.isCut;
  const parameterOids: number[] = [];
  for (let left = payload.uint16(); left > 0 && !payload.isCut; left -= 1) parameterOids.push(payload.uint32());
  return { name, sql, sqlTruncated, parameterOids };
}

export function readBind(bytes: Buffer): BindMessage {
  const payload = new Payload(bytes);
  const portal = payload.name();
  const statement = payload.name();
  const formats = readFormats(payload);
  const values: (Buffer | null)[] = [];
  for (let left = payload.uint16(); left > 0 && !payload.isCut; left -= 1) {
    const value = readValueBytes(payload);
    if (value !== undefined) values.push(value && Buffer.from(value));
  }
  const valuesTruncated = payload.isCut;
  const resultFormats = readFormats(payload);
  const bind = { portal, statement, formats, values, valuesTruncated };
  return payload.isCut ? bind : { ...bind, resultFormats };
}

export function readNamed(bytes: Buffer): Named {
  const payload = new Payload(bytes);
  return { isStatement: payload.uint8() === 0x53, name: payload.name() };
}

export function readPortalName(bytes: Buffer): string | undefined {
  return new Payload(bytes).name();
}

/** Undefined where the formats do not say, which is a mistake of the client's. */
export function formatAt(formats: Formats, index: number): number | undefined {
  if (formats.length === 0) return 0;
  return formats.length === 1 ? formats[0] : formats[index];
}

/** A value after its length: null for NULL, undefined where it is not all there. */
export function readValueBytes(payload: Payload): Buffer | null | undefined {
  const length = payload.int32();
  return length === -1 && !payload.isCut ? null : payload.bytes(length);
}

function readFormats(payload: Payload): Formats {
  const formats: number[] = [];
  for (let left = payload.uint16(); left > 0 && !payload.isCut; left -= 1) formats.push(payload.int16());
  return formats;
}
