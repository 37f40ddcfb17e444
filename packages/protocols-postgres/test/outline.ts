// SPDX-License-Identifier: Apache-2.0
import type { ParsedExchange, SqlRequest, SqlResponse, SqlResult, SqlValue } from '@flowtap/core';
import type { ParserRun } from '@flowtap/core/testing';

/** One line for what matters of a flow: `query SELECT 1 → ?column?:int4 [1] SELECT 1`. */
export function outline(exchange: ParsedExchange): string {
  const request = exchange.request as SqlRequest | undefined;
  const response = exchange.response as SqlResponse | undefined;
  const parts = [
    request === undefined ? '(no request)' : requestOutline(request),
    '→',
    response === undefined ? '(none)' : responseOutline(response),
    exchange.complete ? '' : 'incomplete',
    exchange.error === undefined ? '' : `(${exchange.error.code})`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

export const outlines = (run: ParserRun): readonly string[] => run.exchanges.map(outline);

/** Without the one of the login. */
export const statements = (run: ParserRun): readonly string[] =>
  outlines(run).filter((line) => !line.startsWith('connect'));

function requestOutline({ operation, sql, statement, parameters = [], sqlTruncated, parametersTruncated }: SqlRequest) {
  const named = statement === undefined ? '' : `<${statement}>`;
  const text = sql === undefined ? '' : sql + (sqlTruncated === true ? '…' : '');
  const given = parameters.length === 0 ? '' : `(${parameters.map(valueOutline).join(', ')})`;
  return [operation, named, text, given, parametersTruncated === true ? '(more)' : '']
    .filter((part) => part !== '')
    .join(' ');
}

function responseOutline({ results, error, notices = [], resultsTruncated }: SqlResponse): string {
  return [
    ...notices.map(({ message }) => `notice ${message}`),
    results.map(resultOutline).join(' + '),
    resultsTruncated === true ? '+ …' : '',
    error === undefined ? '' : `error ${error.code} ${error.message}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function resultOutline(result: SqlResult): string {
  const { columns, rows, rowCount, rowsTruncated, affectedRows, summary, suspended, copiedBytes } = result;
  return [
    columns?.map(({ name, type }) => `${name}:${type ?? '?'}`).join(',') ?? '',
    rows === undefined ? '' : rows.map((row) => `[${row.map(valueOutline).join(', ')}]`).join(''),
    rowsTruncated === true ? `… of ${rowCount}` : '',
    summary ?? '(unfinished)',
    affectedRows === undefined ? '' : `changed ${affectedRows}`,
    copiedBytes === undefined ? '' : `copied ${copiedBytes}`,
    suspended === true ? 'suspended' : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function valueOutline(value: SqlValue): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? value : `0x${Buffer.from(value).toString('hex')}`;
}
