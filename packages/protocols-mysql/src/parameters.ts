// SPDX-License-Identifier: Apache-2.0
import type { SqlValue } from '@flowtap/core';
import type { ValueIndicator } from './messages-of-protocol.js';
import type { PayloadReader } from './packets/payload-reader.js';
import type { ParameterType, Statement } from './statements.js';
import { parameterType, readBinaryValue, stringValue } from './values/binary-value.js';
import { isSet } from './values/rows.js';
import { shownText } from './values/text.js';

const UNSIGNED = 0x80;

/** The protocol counts parameters in 16 bits. */
export const MAX_PARAMETERS = 0xffff;

export interface Parameters {
  readonly values: readonly SqlValue[];
  readonly types: readonly ParameterType[];
  /** The bytes end before the last one, or some of a value's bytes were not kept. */
  readonly isCut: boolean;
}

export interface ParameterOptions {
  readonly count: number;
  /** Each type comes with a name. */
  readonly hasNames: boolean;
  /** The one that is executed. Absent for the attributes of a query. */
  readonly statement?: Statement | undefined;
}

/**
 * Reads NULL bitmap, types and values, as they follow one another in an execution and in a query with attributes.
 *
 * @returns undefined where the types cannot be known
 */
export function readParameters(reader: PayloadReader, options: ParameterOptions): Parameters | undefined {
  const { count, hasNames, statement } = options;
  const nulls = reader.slice((count + 7) >> 3);
  const hasTypes = reader.uint(1) === 1;
  const types = hasTypes ? readTypes(reader, count, hasNames) : statement?.types;
  if (types === undefined || types.length !== count) return undefined;
  const values: SqlValue[] = [];
  let isCut = false;
  for (const [i, type] of types.entries()) {
    const long = statement?.longParameter(i);
    if (long !== undefined) {
      const bytes = long.view();
      isCut ||= bytes.length < long.size;
      values.push(stringValue(bytes, type));
    } else if (isSet(nulls, i)) {
      values.push(null);
    } else {
      const value = readBinaryValue(reader, type, true);
      if (reader.failed) return { values, types, isCut: true };
      values.push(value);
    }
  }
  return { values, types, isCut };
}

/** Undefined where the bytes end before. */
export function readTypes(reader: PayloadReader, count: number, hasNames: boolean): ParameterType[] | undefined {
  const types: ParameterType[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const code = reader.uint(1);
    const isUnsigned = (reader.uint(1) & UNSIGNED) !== 0;
    const name = hasNames ? shownText(reader.string()) : '';
    types.push({ ...parameterType(code, isUnsigned), name });
  }
  return reader.failed ? undefined : types;
}

/** Rows of one bulk execution that are kept. */
const MAX_BULK_ROWS = 1000;

type BulkValue = SqlValue | ValueIndicator;

const INDICATORS: Readonly<Record<number, BulkValue>> = {
  1: null,
  2: Object.freeze({ indicator: 'default' }),
  3: Object.freeze({ indicator: 'ignore' }),
};

/** Reads the rows of MariaDB's bulk execution, to the end of the bytes. */
export function readBulkRows(reader: PayloadReader, types: readonly ParameterType[]): BulkValue[][] {
  const rows: BulkValue[][] = [];
  while (reader.left > 0 && types.length > 0 && rows.length < MAX_BULK_ROWS) {
    const row: BulkValue[] = [];
    for (const type of types) {
      const indicator = reader.uint(1);
      const value = indicator === 0 ? readBinaryValue(reader, type, true) : INDICATORS[indicator];
      if (reader.failed || value === undefined) return rows;
      row.push(value);
    }
    rows.push(row);
  }
  return rows;
}
