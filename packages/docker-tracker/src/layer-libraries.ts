// SPDX-License-Identifier: Apache-2.0
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const LIBRARY = /^lib(?:ssl|gnutls)\.so(?:\.|$)/;
/** Not of an image, or never with libraries in them. */
const SKIPPED = new Set(['/proc', '/sys', '/dev', '/run', '/usr/share/doc', '/usr/share/man', '/usr/share/locale']);
/** Directories of one layer that are looked into. */
const MAX_DIRECTORIES = 50_000;
/** Directories that are read at a time. */
const PARALLEL = 8;

/** Every TLS library in a layer, wherever it is: a program may know its place by itself. */
export async function findLibraries(layer: string): Promise<readonly string[]> {
  const found: string[] = [];
  const queue = ['/'];
  let looked = 0;
  const look = async (): Promise<void> => {
    for (let path = queue.pop(); path !== undefined && looked < MAX_DIRECTORIES; path = queue.pop()) {
      looked += 1;
      for (const entry of await readdir(join(layer, path), { withFileTypes: true }).catch(() => [])) {
        const child = join(path, entry.name);
        if (entry.isDirectory() && !SKIPPED.has(child)) queue.push(child);
        else if (entry.isFile() && LIBRARY.test(entry.name)) found.push(join(layer, child));
      }
    }
  };
  // Whoever finds the queue empty ends; the next round goes on with what the others have found meanwhile.
  while (queue.length > 0 && looked < MAX_DIRECTORIES) await Promise.all(Array.from({ length: PARALLEL }, look));
  return found;
}
