// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The same relative path from `src` and from `dist`. */
const ownRoot = fileURLToPath(new URL('..', import.meta.url));

/** What a package in this directory depends on as @flowtap/core: our version, or our neighbour in a clone of the repository. */
export function coreDependency(directory: string): string {
  const neighbour = join(ownRoot, '../core');
  const { version } = JSON.parse(readFileSync(join(ownRoot, 'package.json'), 'utf8')) as { readonly version: string };
  return existsSync(join(neighbour, 'src')) ? `file:${relative(directory, neighbour)}` : `^${version}`;
}
