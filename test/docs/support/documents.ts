// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Block, blocksOf } from './blocks.js';

export const rootDirectory = fileURLToPath(new URL('../../..', import.meta.url));

export interface Document {
  /** Path from the repository's root. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Why it has no blocks, though it may look as if it had some. */
  readonly problem?: string;
}

/** What people follow step by step: the README, the guides and the examples. */
export function findDocuments(): readonly Document[] {
  const guides = readdirSync(join(rootDirectory, 'docs/guides')).filter((name) => name.endsWith('.md'));
  const examples = readdirSync(join(rootDirectory, 'examples')).map((name) => `examples/${name}/README.md`);
  return ['README.md', ...guides.map((name) => `docs/guides/${name}`), ...examples]
    .filter((path) => existsSync(join(rootDirectory, path)))
    .map(readDocument);
}

function readDocument(path: string): Document {
  try {
    return { path, blocks: blocksOf(path, readFileSync(join(rootDirectory, path), 'utf8')) };
  } catch (error) {
    return { path, blocks: [], problem: (error as Error).message };
  }
}
