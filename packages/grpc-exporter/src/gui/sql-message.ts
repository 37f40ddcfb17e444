// SPDX-License-Identifier: Apache-2.0
import type { SqlRequest, SqlResponse, SqlResult, SqlValue } from '@flowtap/core';
import type { SQLQuery, SQLResponse, StringList } from '../gen/api/api.js';

/** Bytes that a message may still take up. */
interface Room {
  bytes: number;
}

/**
 * A statement as the GUI can show it. What has no text is one word in brackets.
 *
 * @param maxBytes more is cut off, of the text and of the parameters together
 */
export function sqlQuery({ operation, sql, statement, parameters = [] }: SqlRequest, maxBytes: number): SQLQuery {
  const room = { bytes: maxBytes };
  const named = statement === undefined ? '' : ` ${statement}`;
  const query = cut(sql ?? `[${operation}${named}]`, room);
  return { query, params: { values: parameters.map((value) => cut(textOf(value), room)) } };
}

/**
 * One table: of several results the first with rows, of none what the server said.
 *
 * @param maxBytes rows that find no room are left out, whole
 */
export function sqlResponse(response: SqlResponse, maxBytes: number): SQLResponse {
  const { error, results } = response;
  if (error !== undefined) return table(['SQLSTATE', 'error'], [[error.code, error.message]], maxBytes);
  const result = results.find(({ rows, columns }) => columns !== undefined || rows !== undefined);
  if (result === undefined) return table(['result'], results.map(outcome), maxBytes);
  const { columns, rows = [] } = result;
  const names = columns?.map(({ name }) => name) ?? rows[0]?.map((_, index) => `column ${index + 1}`) ?? [];
  return table(
    names,
    rows.map((row) => row.map(textOf)),
    maxBytes,
  );
}

function outcome({ summary, affectedRows, rowCount }: SqlResult): readonly string[] {
  return [summary ?? String(affectedRows ?? rowCount)];
}

function table(columns: readonly string[], rows: readonly (readonly string[])[], maxBytes: number): SQLResponse {
  let left = maxBytes;
  const sent: StringList[] = [];
  for (const row of rows) {
    for (const value of row) left -= Buffer.byteLength(value);
    if (left < 0) break;
    sent.push({ values: [...row] });
  }
  return { columns: { values: [...columns] }, rows: sent };
}

/** As psql writes them; the GUI has no NULL and no bytes. */
function textOf(value: SqlValue): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? value : `\\x${Buffer.from(value).toString('hex')}`;
}

/** Between two characters. */
function cut(text: string, room: Room): string {
  const size = Buffer.byteLength(text);
  if (size <= room.bytes) {
    room.bytes -= size;
    return text;
  }
  const bytes = Buffer.from(text);
  let end = room.bytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  room.bytes = 0;
  return bytes.toString('utf8', 0, end);
}
