// SPDX-License-Identifier: Apache-2.0

/** Parser for an option that may be given several times: the values add up. */
export function collect<T>(
  parse: (text: string) => T,
): (text: string, previous: readonly T[] | undefined) => readonly T[] {
  return (text, previous) => [...(previous ?? []), parse(text)];
}

/** The same where one value may stand for several. */
export function collectAll<T>(
  parse: (text: string) => readonly T[],
): (text: string, previous: readonly T[] | undefined) => readonly T[] {
  return (text, previous) => [...(previous ?? []), ...parse(text)];
}
