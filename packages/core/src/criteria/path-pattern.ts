// SPDX-License-Identifier: Apache-2.0

const SLASH = 0x2f;
const STAR = 0x2a;

/**
 * Compares a whole path with a pattern in which `*` stands for any characters but `/` and `**` for any at all, none
 * included. Follows all ways through the pattern at once, so the time is bounded by the product of both lengths, whatever a
 * client puts into its path.
 */
export function matchesPath(pattern: string, path: string): boolean {
  // Places in the pattern, its end included, at which it may go on.
  let places = new Uint8Array(pattern.length + 1);
  let next = new Uint8Array(pattern.length + 1);
  places[0] = 1;
  passStars(pattern, places);
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    next.fill(0);
    for (let at = 0; at < pattern.length; at++) {
      if (places[at] === 0) continue;
      const wanted = pattern.charCodeAt(at);
      if (wanted === STAR) {
        if (code !== SLASH || starsAt(pattern, at) === 2) next[at] = 1;
      } else if (wanted === code) {
        next[at + 1] = 1;
      }
    }
    passStars(pattern, next);
    [places, next] = [next, places];
  }
  return places[pattern.length] === 1;
}

/** A star may also stand for nothing. */
function passStars(pattern: string, places: Uint8Array): void {
  for (let at = 0; at < pattern.length; at++) {
    if (places[at] === 1 && pattern.charCodeAt(at) === STAR) places[at + starsAt(pattern, at)] = 1;
  }
}

function starsAt(pattern: string, at: number): 1 | 2 {
  return pattern.charCodeAt(at + 1) === STAR ? 2 : 1;
}
