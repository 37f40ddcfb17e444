// SPDX-License-Identifier: Apache-2.0
import type { SqlError } from '@flowtap/core';
import { MAX_COLUMNS } from './constants.js';
import { Payload } from './payload.js';

export interface Column {
  readonly name: string;
  readonly typeOid: number;
  readonly format: number;
}

export function readRowDescription(bytes: Buffer): readonly Column[] {
  const payload = new Payload(bytes);
  const columns: Column[] = [];
  for (let left = Math.min(payload.uint16(), MAX_COLUMNS); left > 0 && !payload.isCut; left -= 1) {
    const name = payload.text();
    // Table and column number.
    payload.skip(6);
    const typeOid = payload.uint32();
    // Size and modifier of the type.
    payload.skip(6);
    const format = payload.int16();
    if (!payload.isCut) columns.push({ name, typeOid, format });
  }
  return columns;
}

export function readParameterDescription(bytes: Buffer): readonly number[] {
  const payload = new Payload(bytes);
  const oids: number[] = [];
  for (let left = payload.uint16(); left > 0 && !payload.isCut; left -= 1) oids.push(payload.uint32());
  return oids;
}

/** Error and Notice Message Fields. */
export function readFields(bytes: Buffer): SqlError {
  const payload = new Payload(bytes);
  const fields = new Map<number, string>();
  for (let type = payload.uint8(); type !== 0 && !payload.isCut; type = payload.uint8()) {
    fields.set(type, payload.text());
  }
  const field = (type: string) => fields.get(type.charCodeAt(0));
  const detail = field('D');
  const hint = field('H');
  return {
    code: field('C') ?? '',
    message: field('M') ?? '',
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** What a statement did: `INSERT 0 5`, `SELECT 3`, `CREATE TABLE`. */
export interface CommandTag {
  readonly text: string;
  readonly command: string;
  /** Its last word, where that is a number. */
  readonly rows?: number;
}

export function readCommandTag(bytes: Buffer): CommandTag {
  const text = new Payload(bytes).text();
  const words = text.split(' ');
  const last = words.at(-1) ?? '';
  const command = words[0] ?? '';
  return /^\d{1,15}$/.test(last) ? { text, command, rows: Number(last) } : { text, command };
}
