// SPDX-License-Identifier: Apache-2.0
import { REDACTED } from './constants.js';
import type { RedisArgument } from './redis-message.js';

/** Settings that are passwords, of servers and of Sentinel. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set([
  'requirepass',
  'masterauth',
  'primaryauth',
  'tls-key-file-pass',
  'tls-client-key-file-pass',
  'auth-pass',
  'sentinel-pass',
]);

/** Rules of ACL SETUSER that add or remove a password or its hash. */
const PASSWORD_RULE = /^[><#!]/;
/** MIGRATE host port key database timeout: its options come behind. */
const MIGRATE_OPTIONS = 5;

/**
 * The arguments of a command with its passwords masked, whatever the options of the capture say. Where a part of the
 * command was not captured, nothing that could be a password is left.
 *
 * @param words name and first arguments in upper case; a word that is not known is empty
 */
export function withoutPasswords(words: readonly string[], given: readonly RedisArgument[]): readonly RedisArgument[] {
  switch (words[0]) {
    case undefined:
    case '':
      return given.map(() => REDACTED);
    case 'AUTH':
      return given.map((argument, i) => (i === 0 && given.length === 2 ? argument : REDACTED));
    case 'HELLO':
      return masked(given, (texts, i) => texts[i - 2]?.toUpperCase() === 'AUTH');
    case 'MIGRATE':
      return masked(given, (texts, i) => {
        if (i <= MIGRATE_OPTIONS) return false;
        if (texts[i - 1]?.toUpperCase() === 'AUTH') return true;
        return i > MIGRATE_OPTIONS + 1 && texts[i - 2]?.toUpperCase() === 'AUTH2';
      });
    case 'ACL':
      return words[1] === 'SETUSER' || words[1] === '' ? withoutRules(given) : given;
    case 'CONFIG':
    case 'SENTINEL':
      return masked(given, (texts, i) => SECRET_SETTINGS.has(texts[i - 1]?.toLowerCase() ?? ''));
    default:
      return given;
  }
}

export function textOf(argument: RedisArgument | undefined): string | undefined {
  return typeof argument === 'string' ? argument : undefined;
}

/** Replaces the arguments that are secret, and all behind one that was not captured as a whole. */
function masked(
  given: readonly RedisArgument[],
  isSecret: (texts: readonly (string | undefined)[], index: number) => boolean,
): readonly RedisArgument[] {
  const texts = given.map(textOf);
  const firstUnknown = texts.indexOf(undefined);
  return given.map((argument, i) =>
    isSecret(texts, i) || (firstUnknown !== -1 && i > firstUnknown) ? REDACTED : argument,
  );
}

function withoutRules(given: readonly RedisArgument[]): readonly RedisArgument[] {
  return given.map((argument, i) => {
    if (i < 2) return argument;
    const text = textOf(argument);
    if (text === undefined) return REDACTED;
    return PASSWORD_RULE.test(text) ? text.charAt(0) + REDACTED : argument;
  });
}
