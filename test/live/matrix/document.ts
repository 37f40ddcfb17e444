// SPDX-License-Identifier: Apache-2.0
import { formatTable, type MeasuredRow } from './table.js';

export function documentOf(rows: readonly MeasuredRow[]): string {
  return formatTable(rows);
}
