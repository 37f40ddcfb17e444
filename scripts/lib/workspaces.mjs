// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDirectory } from './run.mjs';

/** The packages of this repository that are published: directory and package.json, in alphabetical order. */
export function publicPackages(root = rootDirectory) {
  return ['examples', 'packages']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
    .filter((directory) => existsSync(join(directory, 'package.json')))
    .map((directory) => ({ directory, manifest: JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => !manifest.private);
}

/** Specifiers of the modules of a package, as a user imports them. */
export function entryPoints({ name, exports }) {
  const keys = Object.keys(exports).filter((key) => !key.endsWith('.json') && !key.includes('*'));
  return keys.map((key) => name + key.slice(1));
}
