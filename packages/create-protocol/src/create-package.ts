// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CreateError } from './create-error.js';
import { type Names, namesOf } from './names.js';
import { renamed } from './rename.js';

export interface PackageRequest {
  /** Of the protocol, such as `key-value`. */
  readonly name: string;
  /** Of the new package: must not exist, or be empty. */
  readonly directory: string;
  readonly templateDirectory: string;
  /** What a package there depends on as @flowtap/core. */
  readonly dependencyOf: (directory: string) => string;
}

const MANIFEST = 'package.json';

/** Files that would mean something to npm inside of our own package have other names in the template. */
const REAL_NAMES: Readonly<Record<string, string>> = { gitignore: '.gitignore', 'manifest.json': MANIFEST };

/**
 * Writes a package for a protocol.
 *
 * @returns its directory.
 * @throws CreateError; then nothing was written.
 */
export async function createPackage(request: PackageRequest): Promise<string> {
  const names = namesOf(request.name);
  const files = await readTemplate(request.templateDirectory, names);
  const directory = await emptyDirectory(request.directory);
  for (const [path, text] of files) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, path === MANIFEST ? withCore(text, request.dependencyOf(directory)) : text);
  }
  return directory;
}

async function readTemplate(directory: string, names: Names): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = new Map<string, string>();
  for (const entry of entries.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const templatePath = path.slice(directory.length + 1);
    const relativePath = REAL_NAMES[templatePath] ?? templatePath;
    files.set(relativePath, renamed(await readFile(path, 'utf8'), relativePath, names));
  }
  return files;
}

async function emptyDirectory(path: string): Promise<string> {
  const directory = resolve(path);
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new CreateError(`${directory} is not empty; give the name of another directory.`);
  }
  // A relative path of a dependency is followed from where the directory really is.
  return realpath(directory);
}

function withCore(manifest: string, version: string): string {
  return manifest.replace('"@flowtap/core": "*"', `"@flowtap/core": ${JSON.stringify(version)}`);
}
