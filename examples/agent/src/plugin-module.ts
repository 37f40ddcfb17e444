// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './usage-error.js';

/**
 * Loads the module that --plugin names: a path, or a package that is installed where flowtap was started.
 *
 * @throws UsageError when it is not there or cannot be loaded.
 */
export async function importPlugin(
  name: string,
  directory = process.cwd(),
): Promise<Readonly<Record<string, unknown>>> {
  const url = pathToFileURL(isPath(name) ? existing(name, directory) : installed(name, directory));
  try {
    return await import(url.href);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--plugin ${name} cannot be loaded: ${message}`);
  }
}

/** As Node.js tells paths from names; a file that is there by this name is meant, too. */
function isPath(name: string): boolean {
  return /^(\.{0,2}\/|\.{1,2}$)/.test(name) || /\.[cm]?js$/.test(name);
}

function existing(name: string, directory: string): string {
  const path = resolve(directory, name);
  const entry = existsSync(join(path, 'package.json')) ? entryOf(path) : path;
  if (entry !== undefined && existsSync(entry)) return entry;
  throw new UsageError(
    `--plugin ${name}: there is no file ${entry ?? path};`,
    'build the plugin, or correct the path.',
  );
}

function installed(name: string, directory: string): string {
  const require = createRequire(join(directory, 'noop.js'));
  try {
    return require.resolve(name);
  } catch {
    // A package that only `import` may use is not found that way.
    const roots = (require.resolve.paths(name) ?? []).map((path) => join(path, name));
    const root = roots.find((path) => existsSync(join(path, 'package.json')));
    const entry = root && entryOf(root);
    if (entry !== undefined) return entry;
    const hint = `install it with npm install ${name}, or give the path of a file, such as ./${name}.`;
    throw new UsageError(`--plugin ${name}: there is no package of this name in ${directory};`, hint);
  }
}

/** The module that a package in this directory is imported as. */
function entryOf(root: string): string | undefined {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const exports = memberOf(manifest, 'exports');
  const target = targetOf(memberOf(exports, '.') ?? exports ?? memberOf(manifest, 'main'));
  return target === undefined ? undefined : join(root, target);
}

/** https://nodejs.org/api/packages.html#conditional-exports */
function targetOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  for (const condition of ['node', 'import', 'default']) {
    const target = memberOf(entry, condition);
    if (target !== undefined) return targetOf(target);
  }
  return undefined;
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
