// SPDX-License-Identifier: Apache-2.0
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Puts together what a new package is made of: the sources of the example, so that they exist once and are tested there, and
 * around them what a package outside of this repository needs.
 */
export async function assembleTemplate(directory: string): Promise<void> {
  const example = join(root, 'examples/custom-protocol');
  await cp(join(root, 'packages/create-protocol/template'), directory, { recursive: true });
  await cp(join(example, 'src'), join(directory, 'src'), { recursive: true });
  await cp(join(example, 'tsup.config.ts'), join(directory, 'tsup.config.ts'));
  await takeToolVersions(join(directory, 'manifest.json'));
}

/** The tools of the new package are those that this repository is tested with. */
async function takeToolVersions(path: string): Promise<void> {
  const manifest = await readManifest(path);
  const { devDependencies: versions = {} } = await readManifest(join(root, 'package.json'));
  const tools = Object.keys(manifest.devDependencies ?? {});
  const devDependencies = Object.fromEntries(tools.map((name) => [name, versions[name]]));
  await writeFile(path, `${JSON.stringify({ ...manifest, devDependencies }, undefined, 2)}\n`);
}

interface Manifest {
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function readManifest(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(path, 'utf8')) as Manifest;
}
