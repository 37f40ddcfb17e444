// SPDX-License-Identifier: Apache-2.0
import type { SqlColumn } from '@flowtap/core';
import { PayloadReader } from '../packets/payload-reader.js';
import { cutText, shownText } from './text.js';
import { typeName, type ValueType } from './types.js';

export interface Column extends ValueType {
  /** As it is shown. */
  readonly shown: SqlColumn;
}

/** Bytes of the part whose length is always the same, with the byte that says so. */
const FIXED_BYTES = 13;
const FIXED_LENGTH = 12;

/** A name has at most 256 characters (MySQL's limit). */
const MAX_NAME_BYTES = 1024;

/** A kind of extended metadata: the name of a type that the protocol has no number for. */
const EXTENDED_TYPE_NAME = 0;

/**
 * Reads a column definition. `isExtended`: MariaDB's names of types are in it; undefined: the bytes must show it.
 *
 * @returns undefined where the bytes are none
 */
export function readColumn(payload: Buffer, isExtended: boolean | undefined): Column | undefined {
  const reader = new PayloadReader(payload);
  // Catalog, schema, table, table as it was created.
  for (let i = 0; i < 4; i++) reader.skip(reader.count());
  const name = shownText(cutText(reader.string(), MAX_NAME_BYTES));
  reader.skip(reader.count());
  const hasFixedPart = reader.peek() === FIXED_LENGTH && reader.left === FIXED_BYTES;
  const extended = (isExtended ?? (!hasFixedPart && reader.peek() !== FIXED_LENGTH)) ? reader.string() : undefined;
  reader.skip(1);
  const collation = reader.uint(2);
  const width = reader.uint(4);
  const code = reader.uint(1);
  const flags = reader.uint(2);
  const decimals = reader.uint(1);
  if (reader.failed) return undefined;
  const type: ValueType = { code, flags, collation, decimals, width };
  const shownType = (extended && extendedType(extended)) ?? typeName(type);
  return { ...type, shown: { name, ...(shownType === undefined ? {} : { type: shownType }) } };
}

function extendedType(bytes: Buffer): string | undefined {
  const reader = new PayloadReader(bytes);
  while (reader.left > 0 && !reader.failed) {
    const kind = reader.uint(1);
    const text = reader.string();
    if (kind === EXTENDED_TYPE_NAME && text.length > 0) return shownText(cutText(text, MAX_NAME_BYTES)).toUpperCase();
  }
  return undefined;
}
