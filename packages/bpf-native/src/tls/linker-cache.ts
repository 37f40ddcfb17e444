// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** TLS libraries that the dynamic linker knows (ld.so(8)) below a root directory, which '' is this machine's. */
export function linkerCacheLibraries(root: string): readonly string[] {
  let cache: string;
  try {
    cache = readFileSync(`${root}/etc/ld.so.cache`, 'latin1');
  } catch {
    return []; // musl, or no cache: the memory map will tell
  }
  return [...new Set(cache.match(/\/[^\0]*\/lib(?:ssl|gnutls)\.so[^\0]*/g))];
}
