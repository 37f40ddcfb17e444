// SPDX-License-Identifier: Apache-2.0
import type { SecretNames } from './secret-names.js';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const AT = 0x40;
const PERCENT = 0x25;

/** Characters that mean something in a URL: nearly all others need no second look. */
const QUERY_MARKS = marksOf('&;#?=%');
const PATH_MARKS = marksOf('#?@');

/** Query parameters whose values are redacted, in lower case; names are compared without regard to case. */
export const REDACTED_QUERY_PARAMETERS: readonly string[] = [
  'access_token',
  'refresh_token',
  'id_token',
  'auth_token',
  'private_token',
  'session_token',
  'token',
  'jwt',
  'api_key',
  'api-key',
  'apikey',
  'x-api-key',
  'password',
  'passwd',
  'pwd',
  'secret',
  'client_secret',
  'client_assertion',
  'auth',
  'authorization',
  'sig',
  'signature',
  'x-amz-signature',
  'x-amz-security-token',
  'x-goog-signature',
];

/**
 * Redacts the values of query parameters, of parameters in the fragment (OAuth's implicit grant puts tokens there)
 * and the user information (RFC 3986 §3.2.1) of a URL or request target. Returns the same string when there is
 * nothing to redact. A URL inside of a parameter's value is not looked into.
 */
export function redactUrl(url: string, names: SecretNames, tag: (value: string) => string): string {
  const { length } = url;
  let start = 0;
  let hasAt = false;
  for (; start < length; start++) {
    const code = url.charCodeAt(start);
    if (!isMarked(PATH_MARKS, code)) continue;
    if (code !== AT) break;
    hasAt = true;
  }
  const path = hasAt ? url.slice(0, start) : undefined;
  const redactedPath = path === undefined ? undefined : redactUserInformation(path, tag);
  let result = '';
  let copied = start;
  let name = start + 1;
  let equals = -1;
  let isEncoded = false;
  for (let i = start + 1; i <= length; i++) {
    const code = i < length ? url.charCodeAt(i) : AMPERSAND;
    if (!isMarked(QUERY_MARKS, code)) continue;
    if (code === EQUALS || code === PERCENT) {
      if (equals >= 0) continue;
      if (code === EQUALS) equals = i;
      else isEncoded = true;
      continue;
    }
    const isNamed = equals >= 0 && equals + 1 < i && (isEncoded || names.mayInclude(url, name, equals));
    if (isNamed && names.has(normalName(url.slice(name, equals)))) {
      result += url.slice(copied, equals + 1) + tag(url.slice(equals + 1, i));
      copied = i;
    }
    name = i + 1;
    equals = -1;
    isEncoded = false;
  }
  if (copied === start && redactedPath === path) return url;
  return (redactedPath ?? url.slice(0, start)) + result + url.slice(copied);
}

function marksOf(characters: string): Uint8Array {
  const marks = new Uint8Array(128);
  for (const character of characters) marks[character.charCodeAt(0)] = 1;
  return marks;
}

function isMarked(marks: Uint8Array, code: number): boolean {
  return code < 128 && marks[code] === 1;
}

function normalName(name: string): string {
  let decoded = name;
  if (name.includes('%')) {
    try {
      decoded = decodeURIComponent(name);
    } catch {
      // Not valid percent-encoding: the name is what it looks like.
    }
  }
  return decoded.toLowerCase();
}

/** `https://user:secret@host/` → `https://[redacted:…]@host/`. */
function redactUserInformation(url: string, tag: (value: string) => string): string {
  const scheme = url.indexOf('://');
  const authority = scheme >= 0 ? scheme + 3 : url.startsWith('//') ? 2 : -1;
  if (authority < 0) return url;
  const slash = url.indexOf('/', authority);
  const at = url.lastIndexOf('@', slash < 0 ? url.length : slash);
  if (at <= authority) return url;
  return `${url.slice(0, authority)}${tag(url.slice(authority, at))}${url.slice(at)}`;
}
