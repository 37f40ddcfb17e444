// SPDX-License-Identifier: Apache-2.0
import type { SqlValue } from '@flowtap/core';
import { PayloadReader } from '../packets/payload-reader.js';
import { readBinaryValue, stringValue } from './binary-value.js';
import type { Column } from './columns.js';

export type Row = readonly SqlValue[];

/** Reads a row. Undefined where the bytes do not make up exactly one. */
export type RowReader = (payload: Buffer, columns: readonly Column[]) => Row | undefined;

export const readTextRow: RowReader = (payload, columns) => {
  const reader = new PayloadReader(payload);
  const row: SqlValue[] = [];
  for (const column of columns) {
    const bytes = reader.nullableString();
    if (reader.failed) return undefined;
    row.push(bytes === undefined ? null : stringValue(bytes, column));
  }
  return reader.left > 0 ? undefined : row;
};

/** Bits of the NULL bitmap of a row that stand for no column. */
const RESERVED_BITS = 2;

export const readBinaryRow: RowReader = (payload, columns) => {
  const reader = new PayloadReader(payload, 1);
  const nulls = reader.slice((columns.length + RESERVED_BITS + 7) >> 3);
  const row: SqlValue[] = [];
  for (const [i, column] of columns.entries()) {
    if (reader.failed) return undefined;
    row.push(isSet(nulls, i + RESERVED_BITS) ? null : readBinaryValue(reader, column));
  }
  return reader.failed || reader.left > 0 ? undefined : row;
};

/** Whether bit `index` of a bitmap is set. */
export function isSet(bitmap: Buffer, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}
