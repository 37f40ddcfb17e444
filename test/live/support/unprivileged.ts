// SPDX-License-Identifier: Apache-2.0
import { cpSync, existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { cliPath } from './flowtap.js';
import type { Scene } from './scene.js';

/** User and group `nobody` of Debian. */
export const NOBODY = 65_534;

const agent = dirname(dirname(cliPath));
const published = ['dist', 'bin', 'prebuilds', 'package.json'];

/**
 * The built command in a place that every user can read, laid out as npm installs it: the checkout may be in the home
 * directory of root.
 */
export function unprivilegedCopy(scene: Scene): { readonly command: string; readonly arguments: readonly string[] } {
  const directory = scene.path('installed');
  install(agent, directory, join(directory, 'node_modules'));
  return { command: process.execPath, arguments: [join(directory, 'dist/cli.js')] };
}

/** Copies what npm would publish of a package, and its dependencies to `modules`, each once. */
function install(from: string, to: string, modules: string): void {
  if (existsSync(to)) return;
  const isOurs = !from.split(sep).includes('node_modules');
  cpSync(from, to, {
    recursive: true,
    filter: (path) => {
      const [first = ''] = relative(from, path).split(sep);
      return first === '' || (isOurs ? published.includes(first) : first !== 'node_modules');
    },
  });
  const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) {
    const found = findPackage(name, from);
    // Another version than the rest of the tree has: it is for this package alone.
    const isOwn = found.startsWith(join(from, 'node_modules') + sep);
    install(found, join(isOwn ? join(to, 'node_modules') : modules, name), modules);
  }
}

function findPackage(name: string, from: string): string {
  // With the slash a name is that of a package, also where Node has a module of that name.
  const directories = createRequire(join(from, 'package.json')).resolve.paths(`${name}/`) ?? [];
  const found = directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not installed for ${from}`);
  return realpathSync(found);
}
