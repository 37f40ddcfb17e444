// SPDX-License-Identifier: Apache-2.0

/** How the value of a header is redacted. */
export type HeaderRule = 'credentials' | 'cookie' | 'set-cookie' | 'whole' | 'url';

/** Headers that are redacted, by their names in lower case. */
export const HEADER_RULES: ReadonlyMap<string, HeaderRule> = new Map([
  ['authorization', 'credentials'],
  ['proxy-authorization', 'credentials'],
  ['cookie', 'cookie'],
  ['set-cookie', 'set-cookie'],
  ['x-api-key', 'whole'],
  ['referer', 'url'],
  ['location', 'url'],
  // A value whose name was not captured may be a secret.
  ['(unknown)', 'whole'],
]);

type Tag = (value: string) => string;

/** RFC 9110 §11.4: `Bearer abc` → `Bearer [redacted:…]`; a value without a scheme is a secret as a whole. */
export function redactCredentials(value: string, tag: Tag): string {
  const match = /^([A-Za-z][A-Za-z0-9-]{0,31}) +(?=\S)/.exec(value);
  if (match === null) return redactWhole(value, tag);
  return match[0] + tag(value.slice(match[0].length));
}

export function redactWhole(value: string, tag: Tag): string {
  return value === '' ? value : tag(value);
}

/** RFC 6265 §4.2.1: `a=1; b=2`. Names stay; a part without `=` is a secret as a whole. */
export function redactCookie(value: string, tag: Tag): string {
  return value
    .split(';')
    .map((pair) => redactPair(pair, tag))
    .join(';');
}

/** RFC 6265 §4.1.1: the first pair is the cookie, the rest are attributes, which stay. */
export function redactSetCookie(value: string, tag: Tag): string {
  const end = value.indexOf(';');
  return end < 0 ? redactPair(value, tag) : redactPair(value.slice(0, end), tag) + value.slice(end);
}

function redactPair(pair: string, tag: Tag): string {
  const equals = pair.indexOf('=');
  const secret = pair.slice(equals + 1).trim();
  if (secret === '') return pair;
  const before = equals < 0 ? (/^\s*/.exec(pair)?.[0] ?? '') : pair.slice(0, equals + 1);
  return before + tag(secret);
}
