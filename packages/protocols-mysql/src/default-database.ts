// SPDX-License-Identifier: Apache-2.0
import type { ResultList } from './replies/result-list.js';

/** A statement that is USE, perhaps behind comments. */
const USE = /^(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/)*use\s+(?:`((?:[^`]|``)+)`|([^\s;`]+))\s*;?\s*$/i;

/** What may be one among several statements, or part of a text. */
const MAY_USE = /(?:^|[;/])\s*use\s/i;

/** Where a statement is looked at: who changes the database begins with that. */
const MAX_LOOKED_AT = 1000;

/** Whether a statement may change the default database. */
export function namesDatabase(sql: string): boolean {
  return MAY_USE.test(sql.slice(0, MAX_LOOKED_AT));
}

/** The default database after statements. Undefined where it is not known, as also `before`. */
export function databaseAfter(sql: string, results: ResultList, before: string | undefined): string | undefined {
  if (!namesDatabase(sql)) return before;
  const found = USE.exec(sql.slice(0, MAX_LOOKED_AT));
  if (found === null) return undefined;
  return results.error === undefined ? (found[1]?.replaceAll('``', '`') ?? found[2]) : before;
}
