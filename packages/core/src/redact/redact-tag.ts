// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';

const MAX_CACHED_VALUES = 4096;
const MAX_CACHED_LENGTH = 4096;

/**
 * Replaces a secret by `[redacted:<8 hex digits of HMAC-SHA256(key, value)>]`: equal values stay equal, and without
 * the key nobody can test a guess. Cookies and tokens repeat with each request, so that tags are remembered.
 */
export function createTagger(key: Uint8Array): (value: string) => string {
  const tags = new Map<string, string>();
  return (value) => {
    const known = tags.get(value);
    if (known !== undefined) return known;
    const tag = `[redacted:${createHmac('sha256', key).update(value).digest('hex').slice(0, 8)}]`;
    if (tags.size >= MAX_CACHED_VALUES) tags.clear();
    if (value.length <= MAX_CACHED_LENGTH) tags.set(value, tag);
    return tag;
  };
}
