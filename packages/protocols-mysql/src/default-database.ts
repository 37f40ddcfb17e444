// SPDX-License-Identifier: Apache-2.0
import type { ResultList } from './replies/result-list.js';

const USE = /(?:^|;|\*\/)\s*use\s+(?:`((?:[^`]|``)+)`|([^\s;`]+))/gi;

/** Where a statement is looked at: who changes the database begins with that. */
const MAX_LOOKED_AT = 1000;

/** Whether a statement changes the default database. */
export function namesDatabase(sql: string): boolean {
  return sql.slice(0, MAX_LOOKED_AT).search(USE) !== -1;
}

/** The default database after statements, which may change it by USE. `before`: undefined where it is not known. */
export function databaseAfter(sql: string, results: ResultList, before: string | undefined): string | undefined {
  let database = before;
  for (const [, quoted, plain] of sql.slice(0, MAX_LOOKED_AT).matchAll(USE)) {
    database = quoted?.replaceAll('``', '`') ?? plain;
  }
  if (database === before || results.error === undefined) return database;
  // Of several statements some were done before the one that failed.
  return results.hasResults ? undefined : before;
}
