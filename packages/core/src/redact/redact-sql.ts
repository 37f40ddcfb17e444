// SPDX-License-Identifier: Apache-2.0
import { isSqlRequest, type SqlRequest } from '../flow/sql-messages.js';

/**
 * What stands in front of a password: PASSWORD of CREATE and ALTER ROLE, USER and USER MAPPING (PostgreSQL), PASSWORD =,
 * PASSWORD( and PASSWORD FOR … = of SET PASSWORD, and of conditions on a column of that name, IDENTIFIED BY and IDENTIFIED WITH … BY or AS, with the
 * old one after REPLACE (MySQL, MariaDB), MASTER_PASSWORD and SOURCE_PASSWORD of replication.
 */
const INTRODUCTION =
  /(?:(?:\b|_)password\s*(?:for\s+\S{1,200}\s*=\s*(?:password\s*\(\s*)?|[=(]\s*)?|\bidentified\s+(?:with\s+\S{1,64}\s+)?(?:by|as)\s+(?:password\s+)?|\breplace\s+)(?=[eEnN]?['"]|\$\w{0,64}\$)/gi;

/** A string: in quotes, with doubled quotes and escapes in it, or between dollar signs. One that is cut goes to the end. */
const LITERAL =
  /[eEnN]?(?:'((?:[^'\\]+|\\[\s\S]|'')*)'?|"((?:[^"\\]+|\\[\s\S]|"")*)"?|\$(\w*)\$([\s\S]*?)(?:\$\3\$|$))/y;

/** The same object when there is no password in the statement. */
export function redactSqlRequest<M>(message: M, tag: (value: string) => string): M {
  if (!isSqlRequest(message) || message.sql === undefined) return message;
  const sql = redactSql(message.sql, tag);
  return sql === message.sql ? message : { ...(message as SqlRequest & M), sql };
}

function redactSql(sql: string, tag: (value: string) => string): string {
  INTRODUCTION.lastIndex = 0;
  let redacted = '';
  let end = 0;
  for (let found = INTRODUCTION.exec(sql); found !== null; found = INTRODUCTION.exec(sql)) {
    LITERAL.lastIndex = found.index + found[0].length;
    const literal = LITERAL.exec(sql);
    if (literal === null) continue;
    const secret = literal[1] ?? literal[2] ?? literal[4] ?? '';
    redacted += `${sql.slice(end, found.index + found[0].length)}'${tag(secret)}'`;
    end = LITERAL.lastIndex;
    INTRODUCTION.lastIndex = end;
  }
  return end === 0 ? sql : redacted + sql.slice(end);
}
