// SPDX-License-Identifier: Apache-2.0

const SLASH = 0x2f;
const STAR = 0x2a;

/** Where to go on when a comparison fails: behind a star, which then takes one character more. */
interface Resumption {
  readonly pattern: number;
  path: number;
}

/**
 * Compares a whole path with a pattern in which `*` stands for any characters but `/` and `**` for any at all, none
 * included. Only the last star of each kind is tried again, which is enough: it can take whatever an earlier one of its
 * kind could. So the time is bounded by the product of both lengths, whatever a client puts into its path.
 */
export function matchesPath(pattern: string, path: string): boolean {
  let inPattern = 0;
  let inPath = 0;
  let single: Resumption | undefined;
  let double: Resumption | undefined;
  while (inPath < path.length || inPattern < pattern.length) {
    if (pattern.charCodeAt(inPattern) === STAR) {
      const isDouble = pattern.charCodeAt(inPattern + 1) === STAR;
      inPattern += isDouble ? 2 : 1;
      if (isDouble) double = { pattern: inPattern, path: inPath };
      single = isDouble ? undefined : { pattern: inPattern, path: inPath };
      continue;
    }
    if (inPath < path.length && pattern.charCodeAt(inPattern) === path.charCodeAt(inPath)) {
      inPattern += 1;
      inPath += 1;
      continue;
    }
    if (single !== undefined && single.path < path.length && path.charCodeAt(single.path) !== SLASH) {
      single.path += 1;
      inPattern = single.pattern;
      inPath = single.path;
    } else if (double !== undefined && double.path < path.length) {
      single = undefined;
      double.path += 1;
      inPattern = double.pattern;
      inPath = double.path;
    } else {
      return false;
    }
  }
  return true;
}
