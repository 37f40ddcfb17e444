// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import protobuf from 'protobufjs';

/** Definitions in the protocol buffer language. All files share one set of names, as with protoc. */
export class ProtoFiles {
  readonly #root = new protobuf.Root();

  constructor(includePaths: readonly string[]) {
    // Absolute, so that a file that is both given and imported is read once.
    this.#root.resolvePath = (origin, target) =>
      origin === ''
        ? (find(target, ['.', ...includePaths]) ?? resolve(target))
        : findImport(target, [...includePaths, dirname(origin)], origin);
  }

  /** @throws Error when the file or one that it imports is not there or is wrong. */
  read(file: string): protobuf.Root {
    this.#root.loadSync(file).resolveAll();
    return this.#root;
  }
}

function findImport(name: string, directories: readonly string[], importer: string): string {
  const found = find(name, directories);
  if (found === undefined) throw new Error(`${importer} imports ${name}, which is not in ${directories.join(', ')}`);
  return found;
}

function find(name: string, directories: readonly string[]): string | undefined {
  return directories.map((directory) => resolve(directory, name)).find((path) => existsSync(path));
}
