// SPDX-License-Identifier: Apache-2.0

/** Commands of the memcache text protocol, and whether a value follows. */
export const COMMANDS: ReadonlyMap<string, boolean> = new Map([
  ...['set', 'add', 'replace', 'append', 'prepend', 'cas'].map((name) => [name, true] as const),
  ...['get', 'gets', 'gat', 'gats', 'touch', 'delete', 'incr', 'decr'].map((name) => [name, false] as const),
  ...['stats', 'version', 'flush_all', 'verbosity', 'quit'].map((name) => [name, false] as const),
]);

/** The longest command and what ends it. */
export const PROBE_BYTES = 10;

/** Items of a reply that are listed. */
export const MAX_ITEMS = 100;

/** Whether a word of a line announces the length of a value. */
export function isLength(word: string | undefined): boolean {
  return word !== undefined && /^\d{1,10}$/.test(word);
}
