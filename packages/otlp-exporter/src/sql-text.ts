// SPDX-License-Identifier: Apache-2.0

/** Comments, quoted names and literals; each alternative consumes what it begins, so that the time is linear. */
const COMMON = String.raw`--[^\n]*|/\*[\s\S]*?(?:\*/|$)`;
const NUMBER = String.raw`(?<![\w$.])(?:0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?)(?!\w)`;
/** Only with E in front does a backslash escape; $tag$ quotes as well; double quotes are for names. */
const STANDARD = new RegExp(
  String.raw`${COMMON}|"(?:[^"]|"")*"?|\be'(?:[^'\\]|''|\\[\s\S])*'?|'(?:[^']|'')*'?|\$((?:[a-z_]\w*)?)\$[\s\S]*?(?:\$\1\$|$)|${NUMBER}`,
  'gi',
);
/** A backslash escapes, and both kinds of quotes are for strings. */
const MYSQL = new RegExp(
  String.raw`${COMMON}|#[^\n]*|${'`'}(?:[^${'`'}]|${'``'})*${'`'}?|'(?:[^'\\]|''|\\[\s\S])*'?|"(?:[^"\\]|""|\\[\s\S])*"?|${NUMBER}`,
  'gi',
);

/**
 * A statement without its comments, and with `?` in place of the values in it, which may be anybody's secrets. Placeholders
 * stay as they are.
 */
export function withoutLiterals(sql: string, protocol: string): string {
  const isMysql = protocol === 'mysql';
  return sql
    .replace(isMysql ? MYSQL : STANDARD, (token) => {
      if (token.startsWith('--') || token.startsWith('/*') || token.startsWith('#')) return ' ';
      return token.startsWith('`') || (token.startsWith('"') && !isMysql) ? token : '?';
    })
    .replace(/\s+/g, ' ')
    .trim();
}

/** `SELECT`, `INSERT` …: the first word of a statement without comments. */
export function operationOf(sql: string): string | undefined {
  return /^[\s(]*([a-z]+)/i.exec(sql)?.[1]?.toUpperCase();
}
