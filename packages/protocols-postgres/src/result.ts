// SPDX-License-Identifier: Apache-2.0
import type { SqlColumn, SqlResult, SqlValue } from '@flowtap/core';
import { type Formats, formatAt, readValueBytes } from './client-messages.js';
import { MAX_ROWS } from './constants.js';
import { Payload } from './payload.js';
import type { Column, CommandTag } from './server-messages.js';
import { readValue, typeName } from './values/type-table.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Bytes that the rows of a flow may still take up. */
export interface Room {
  bytes: number;
}

/** Commands that change as many rows as their tag counts; others, such as SELECT, return them. */
const CHANGING = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY']);

/** One result while it comes in. */
export class Result {
  columns: readonly Column[] | undefined;
  isSuspended = false;
  readonly #formats: Formats | undefined;
  readonly #room: Room;
  readonly #rows: SqlValue[][] = [];
  #rowCount = 0;
  #isTruncated = false;
  #copiedBytes: number | undefined;

  /** @param formats that the client asked for; without, those of the columns count */
  constructor(room: Room, columns: readonly Column[] | undefined, formats: Formats | undefined) {
    this.columns = columns;
    this.#formats = formats;
    this.#room = room;
  }

  /** Whether a row of so many bytes can be kept: rows that follow one that cannot be are not kept either. */
  hasRoom(size: number): boolean {
    return !this.#isTruncated && this.#rows.length < MAX_ROWS && size <= this.#room.bytes;
  }

  /** @param bytes of a DataRow; undefined where it is not kept, or not whole */
  addRow(bytes: Buffer | undefined): void {
    this.#rowCount += 1;
    const row = bytes === undefined || this.#isTruncated ? undefined : this.#read(bytes);
    if (row === undefined) this.#isTruncated = true;
    else this.#rows.push(row);
  }

  copied(bytes: number): void {
    this.#copiedBytes = (this.#copiedBytes ?? 0) + bytes;
  }

  /** @param tag absent where the result did not come to its end */
  finish(tag?: CommandTag): SqlResult {
    const isCopy = this.#copiedBytes !== undefined;
    const result: Writable<SqlResult> = { rowCount: isCopy ? (tag?.rows ?? 0) : this.#rowCount };
    const hasRows = this.columns !== undefined || this.#rowCount > 0;
    if (this.columns !== undefined) result.columns = this.columns.map(columnOf);
    if (hasRows) result.rows = this.#rows;
    if (this.#isTruncated) result.rowsTruncated = true;
    if (tag?.rows !== undefined && CHANGING.has(tag.command)) result.affectedRows = tag.rows;
    if (tag !== undefined) result.summary = tag.text;
    if (this.isSuspended) result.suspended = true;
    if (this.#copiedBytes !== undefined) result.copiedBytes = this.#copiedBytes;
    return result;
  }

  #read(bytes: Buffer): SqlValue[] | undefined {
    const payload = new Payload(bytes);
    const row: SqlValue[] = [];
    let taken = bytes.length;
    for (let index = 0, count = payload.uint16(); index < count; index += 1) {
      const value = readValueBytes(payload);
      if (value === undefined) return undefined;
      const column = this.columns?.[index];
      const format = this.#formats === undefined ? column?.format : formatAt(this.#formats, index);
      const read = value && readValue(value, format, column?.typeOid);
      // In binary a number can be shorter than in text.
      if (value !== null && typeof read === 'string') taken += Math.max(0, read.length - value.length);
      row.push(read);
    }
    this.#room.bytes -= taken;
    return row;
  }
}

function columnOf({ name, typeOid }: Column): SqlColumn {
  const type = typeName(typeOid);
  return type === undefined ? { name } : { name, type };
}
