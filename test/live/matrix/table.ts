// SPDX-License-Identifier: Apache-2.0
import type { Order, Scheme } from './subject.js';

/** What was measured about a program in one role; one line of the table. */
export interface MeasuredRow {
  readonly program: string;
  readonly role: string;
  readonly library: string;
  readonly cells: Map<string, string>;
}

export const columns: readonly { readonly scheme: Scheme; readonly order: Order; readonly title: string }[] = [
  { scheme: 'http', order: 'after', title: 'HTTP, started later' },
  { scheme: 'http', order: 'before', title: 'HTTP, already open' },
  { scheme: 'https', order: 'after', title: 'TLS, started later' },
  { scheme: 'https', order: 'before', title: 'TLS, already open' },
];

export function cellKey(scheme: Scheme, order: Order): string {
  return `${scheme} ${order}`;
}

/** A Markdown table with aligned columns. */
export function formatTable(rows: readonly MeasuredRow[]): string {
  const lines = [
    ['program', 'role', 'TLS by', ...columns.map(({ title }) => title)],
    ...rows.map(({ program, role, library, cells }) => [
      program,
      role,
      library,
      ...columns.map(({ scheme, order }) => cells.get(cellKey(scheme, order)) ?? ''),
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const format = (line: readonly string[]) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |\n`;
  const [head = [], ...body] = lines;
  const rule = widths.map((width) => '-'.repeat(width));
  return [head, rule, ...body].map(format).join('');
}
