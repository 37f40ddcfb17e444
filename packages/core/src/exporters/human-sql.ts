// SPDX-License-Identifier: Apache-2.0
import type { SqlError, SqlRequest, SqlResponse, SqlResult, SqlValue } from '../flow/sql-messages.js';
import type { Palette } from './palette.js';
import { formatBytes, printable, printableLines } from './terminal-text.js';

/** Characters of a statement in the first line of a flow. */
const MAX_SUMMARY = 100;
const MAX_STATEMENT_LINES = 24;
const MAX_PARAMETERS = 24;
const MAX_RESULTS = 8;
const MAX_ROWS = 12;
const MAX_CELL = 40;

/** `query SELECT name FROM people`, on one line; of what has no text, the statement's name, or who wants where. */
export function sqlRequestSummary(request: SqlRequest, palette: Palette): string {
  const { operation, sql, statement, user = '', database } = request;
  const place = database === undefined ? user : `${user}@${database}`;
  const named = statement === undefined ? place : `(statement ${statement})`;
  const text =
    (sql
      ?.slice(0, MAX_SUMMARY * 4)
      .replace(/\s+/g, ' ')
      .trim() ??
      '') ||
    named;
  const isWhole = sql === undefined || (text.length <= MAX_SUMMARY && sql.length <= MAX_SUMMARY * 4);
  const shown = isWhole ? text : `${text.slice(0, MAX_SUMMARY)}…`;
  return `${palette.method(printable(operation))} ${printable(shown)}`.trimEnd();
}

/** `SELECT 3`, `3 rows`, `2 results`, or what the server refused with. */
export function sqlResponseSummary({ results, error }: SqlResponse, palette: Palette): string {
  if (error !== undefined) return palette.problem(errorText(error));
  const [first] = results;
  if (first === undefined) return palette.bold('done');
  return palette.bold(results.length === 1 ? resultText(first) : `${results.length} results`);
}

/** The statement where the first line does not show all of it, and the parameters. */
export function sqlRequestLines({ sql, sqlTruncated, parameters = [], parametersTruncated }: SqlRequest, max: number) {
  const isShown = sql === undefined || (sql.length <= MAX_SUMMARY && !/[\r\n]/.test(sql));
  const all = isShown ? [] : printableLines(sql.slice(0, max));
  const lines = all.slice(0, MAX_STATEMENT_LINES);
  if (all.length > lines.length || (!isShown && sql.length > max) || sqlTruncated === true) {
    lines.push('[… only the beginning of the statement]');
  }
  for (const [index, value] of parameters.slice(0, MAX_PARAMETERS).entries()) {
    lines.push(`${index + 1}: ${cell(value, Math.min(max, 200))}`);
  }
  if (parameters.length > MAX_PARAMETERS) lines.push(`[… ${parameters.length} parameters in all]`);
  if (parametersTruncated === true) lines.push('[… further parameters were not kept]');
  return lines;
}

/** A small table for each result, then what the server said besides. */
export function sqlResponseLines({ results, notices = [], error }: SqlResponse, max: number): readonly string[] {
  const lines = results.slice(0, MAX_RESULTS).flatMap((result) => resultLines(result, max));
  if (results.length > MAX_RESULTS) lines.push(`[… ${results.length} results in all]`);
  for (const notice of notices) lines.push(errorText(notice));
  if (error?.detail !== undefined) lines.push(`detail: ${printable(error.detail.slice(0, max))}`);
  if (error?.hint !== undefined) lines.push(`hint: ${printable(error.hint.slice(0, max))}`);
  return lines;
}

function resultLines(result: SqlResult, max: number): string[] {
  const { columns, rows = [], rowCount } = result;
  if (columns === undefined && rows.length === 0) return [resultText(result)];
  const table = rows.slice(0, max === 0 ? 0 : MAX_ROWS).map((row) => row.map((value) => cell(value, MAX_CELL)));
  const head = columns?.map(({ name }) => short(printable(name), MAX_CELL));
  const lines = aligned(head === undefined ? table : [head, ...table]);
  return rowCount > table.length ? [...lines, `[… ${resultText(result)} in all]`] : lines;
}

/** Cells of a column below one another. */
function aligned(table: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of table) for (const [i, text] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, text.length);
  return table.map((row) =>
    row
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join(' │ ')
      .trimEnd(),
  );
}

function resultText({ columns, rowCount, affectedRows, summary, copiedBytes }: SqlResult): string {
  const copied = copiedBytes === undefined ? '' : ` (${formatBytes(copiedBytes)})`;
  if (summary !== undefined && summary !== '') return printable(summary) + copied;
  if (columns !== undefined || rowCount > 0) return rowCount === 1 ? '1 row' : `${rowCount} rows`;
  return affectedRows === undefined ? `done${copied}` : `${affectedRows} rows changed`;
}

function errorText({ code, message }: SqlError): string {
  return printable(`${code} ${message}`.trim());
}

function cell(value: SqlValue, max: number): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return short(printable(value.slice(0, max + 1)), max);
  return `[${formatBytes(value.length)}]`;
}

function short(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}
