// SPDX-License-Identifier: Apache-2.0
import { CreateError } from './create-error.js';
import type { Names } from './names.js';

const LICENCE = /^\/\/ SPDX-License-Identifier: .*\n/;

/**
 * A file of the template, whose protocol is called `memcached`, for a protocol of another name. The code belongs to whoever
 * asked for it: no licence is set.
 *
 * @throws CreateError when the file uses the name for something else.
 */
export function renamed(text: string, path: string, { kebab, camel, pascal }: Names): string {
  if (!path.endsWith('.ts')) return text.replaceAll('memcached', kebab);
  if (camel !== 'memcached' && new RegExp(`\\b${camel}\\b`).test(text)) {
    throw new CreateError(`The template uses the word '${camel}' itself; try ${kebab}-protocol.`);
  }
  const key = camel === kebab ? camel : `'${kebab}'`;
  return text
    .replace(LICENCE, '')
    .replaceAll('Memcached', pascal)
    .replaceAll("'memcached'", `'${kebab}'`)
    .replaceAll('memcached:', `${key}:`)
    .replaceAll('memcached', camel);
}
