// SPDX-License-Identifier: Apache-2.0
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';

/** As path_resolution(7) has it. */
const MAX_LINKS = 40;

/**
 * The file that a path means in a container, in the layer that has it: the uppermost one wins, and symbolic links lead
 * from the container's root. Undefined when there is no regular file.
 */
export function findInLayers(layers: readonly string[], path: string): string | undefined {
  let rest = path.split('/').filter((part) => part !== '' && part !== '.');
  let reached = '/';
  let found: { readonly file: string; readonly stats: Stats } | undefined;
  for (let links = 0; rest.length > 0; ) {
    const [part = '', ...after] = rest;
    rest = after;
    if (part === '..') {
      reached = dirname(reached);
      continue;
    }
    found = uppermost(layers, join(reached, part));
    if (found === undefined) return undefined;
    if (!found.stats.isSymbolicLink()) {
      reached = join(reached, part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    const target = readlinkSync(found.file);
    if (target.startsWith('/')) reached = '/';
    rest = [...target.split('/').filter((each) => each !== '' && each !== '.'), ...rest];
    found = undefined;
  }
  return found?.stats.isFile() ? found.file : undefined;
}

function uppermost(layers: readonly string[], path: string) {
  for (const layer of layers) {
    const file = join(layer, path);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    // Overlayfs marks what an upper layer has removed by a device 0:0 (Documentation/filesystems/overlayfs.rst).
    if (stats?.isCharacterDevice() && stats.rdev === 0) return undefined;
    if (stats !== undefined) return { file, stats };
  }
  return undefined;
}
