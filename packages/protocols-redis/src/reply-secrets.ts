// SPDX-License-Identifier: Apache-2.0
import { REDACTED } from './constants.js';
import type { RedisArgument, RedisEntry, RedisValue } from './redis-message.js';
import type { Reply } from './redis-text.js';
import { SECRET_SETTINGS, textOf, withoutPasswords } from './secrets.js';

/** Hashes of passwords (SHA-256), as ACL LIST and ACL GETUSER have them; the end may be cut off. */
const HASH_RULE = /#[0-9a-f]{16,64}/g;
const HASH = /^[0-9a-f]{64}$/;

/** Commands whose replies can hold passwords. A transaction's reply has those of all its commands. */
const TELLING: ReadonlySet<string> = new Set(['CONFIG', 'ACL', 'SENTINEL', 'SLOWLOG', 'EXEC']);

/**
 * The reply with the passwords masked that it may hold.
 *
 * @param words of the command that it answers; undefined, or empty, when that is not known
 */
export function withoutSecrets(reply: Reply, words: readonly string[] | undefined): Reply {
  const name = words?.[0] ?? '';
  if (reply.value === undefined || (name !== '' && !TELLING.has(name))) return reply;
  const value = name === 'ACL' && words?.[1] === 'GENPASS' ? REDACTED : maskedValue(reply.value);
  return reply.withValue(value);
}

function maskedValue(value: RedisValue): RedisValue {
  if (typeof value === 'string') return maskedText(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (isList(value)) return maskedItems(value);
  switch (value.type) {
    case 'cut':
      return typeof value.kept === 'string' ? { ...value, kept: maskedText(value.kept) } : value;
    case 'array':
    case 'set':
      return { ...value, items: maskedItems(value.items) };
    case 'map':
      return { ...value, entries: value.entries.map(maskedEntry) };
    case 'attributed':
      return { ...value, value: maskedValue(value.value) };
    default:
      return value;
  }
}

function maskedEntry([key, value]: RedisEntry): RedisEntry {
  return [key, isSecretKey(key) ? REDACTED : maskedValue(value)];
}

/** Keys and values are a flat list in RESP2. Lists of strings may be commands, as in the slow log. */
function maskedItems(items: readonly RedisValue[]): readonly RedisValue[] {
  const masked = items.map((item, i) => (isSecretKey(items[i - 1]) ? REDACTED : maskedValue(item)));
  if (!masked.every((item): item is RedisArgument => typeof item === 'string')) return masked;
  const words = masked.slice(0, 2).map((word) => String(word).toUpperCase());
  const [name] = masked;
  return name === undefined ? masked : [name, ...withoutPasswords(words, masked.slice(1))];
}

function isSecretKey(key: RedisValue | undefined): boolean {
  if (typeof key !== 'string') return false;
  const name = key.toLowerCase();
  return name === 'passwords' || SECRET_SETTINGS.has(name);
}

function maskedText(text: string): string {
  return HASH.test(text) ? REDACTED : text.replace(HASH_RULE, `#${REDACTED}`);
}

export function isList(value: RedisValue): value is readonly RedisValue[] {
  return Array.isArray(value);
}

/** The name of a push message, such as `message`, or of a confirmation. */
export function firstText(value: RedisValue | undefined): string | undefined {
  if (value === undefined || value === null || typeof value !== 'object' || !isList(value)) return undefined;
  const [first] = value;
  return typeof first === 'string' ? textOf(first) : undefined;
}
