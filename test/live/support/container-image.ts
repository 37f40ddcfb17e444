// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DockerEngine } from './docker-engine.js';

/** What is in an image; everything comes from this machine. */
export interface ImageRecipe {
  /** Programs with the libraries that they are linked with, at the places that they have here. */
  readonly programs?: readonly string[];
  /** Files and directories: place in the image → place here. */
  readonly copies?: Readonly<Record<string, string>>;
  /** Moves within the image, in the end. */
  readonly moves?: Readonly<Record<string, string>>;
  /** Lines of a Dockerfile: `ENV A=b`, `CMD ["x"]`. */
  readonly changes?: readonly string[];
  /** Without the linker's cache, in which it would find its libraries. */
  readonly hasNoCache?: boolean;
}

export function makeImage(engine: DockerEngine, name: string, recipe: ImageRecipe): void {
  const root = mkdtempSync(join(tmpdir(), 'flowtap-image-'));
  try {
    for (const directory of ['tmp', 'etc', 'var/log', 'run']) mkdirSync(join(root, directory), { recursive: true });
    for (const program of recipe.programs ?? []) {
      for (const file of [program, ...librariesOf(program)]) copy(file, join(root, file));
    }
    for (const [place, source] of Object.entries(recipe.copies ?? {})) copy(source, join(root, place));
    for (const [to, from] of Object.entries(recipe.moves ?? {})) {
      copy(join(root, from), join(root, to));
      rmSync(join(root, from));
    }
    if (recipe.hasNoCache !== true && (recipe.programs?.length ?? 0) > 0) execFileSync('ldconfig', ['-r', root]);
    engine.import(root, name, recipe.changes);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  // A name of a library is a link to it, and is wanted; links within a directory lead within it.
  if (statSync(from).isDirectory()) execFileSync('cp', ['-a', from, to]);
  else copyFileSync(from, to);
}

/** As the dynamic linker finds them (ldd(1)); none for a static program. */
function librariesOf(program: string): readonly string[] {
  try {
    return (
      execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).match(/\/\S+/g) ?? []
    );
  } catch {
    return [];
  }
}
