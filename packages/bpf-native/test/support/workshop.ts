// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'tsup';
import { afterAll, beforeAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const programs = fileURLToPath(new URL('../programs', import.meta.url));
const core = fileURLToPath(new URL('../../../core/src/index.ts', import.meta.url));

/** A directory for one test file with its programs: made from the sources before the tests, so that no stale build can hide a change. */
export interface Workshop {
  /** Path of a program by its file in test/programs, such as `recorder.ts` or `peer.c`. */
  program(name: string): string;
  /** A path in the directory. */
  path(name: string): string;
}

/** @param names files in test/programs: TypeScript becomes a script for node, C an executable. */
export function useWorkshop(...names: readonly string[]): Workshop {
  let directory: string;
  beforeAll(async () => {
    // Inside the package, so that dependencies from npm resolve.
    const cache = join(root, 'node_modules/.cache');
    await mkdir(cache, { recursive: true });
    directory = await mkdtemp(join(cache, 'flowtap-test-'));
    const scripts = names.filter((name) => extname(name) === '.ts');
    const sources = names.filter((name) => extname(name) === '.c');
    await Promise.all([bundle(scripts, directory), ...sources.map((name) => compile(name, directory))]);
  }, 60_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return {
    program: (name) => join(directory, basename(name).replace(/\.ts$/, '.mjs').replace(/\.c$/, '')),
    path: (name) => join(directory, name),
  };
}

async function compile(name: string, directory: string): Promise<void> {
  const output = join(directory, basename(name, '.c'));
  await promisify(execFile)('cc', ['-Wall', '-Werror', '-O1', '-pthread', '-o', output, join(programs, name)]);
}

async function bundle(names: readonly string[], outDir: string): Promise<void> {
  await build({
    config: false,
    entry: names.map((name) => join(programs, name)),
    outDir,
    format: 'esm',
    target: 'node20',
    silent: true,
    splitting: false,
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/^@flowtap\//],
    external: ['node-gyp-build', 'eventemitter3'],
    esbuildOptions(options) {
      options.alias = { '@flowtap/core': core };
    },
    esbuildPlugins: [
      {
        // The addon is found relative to the file that loads it.
        name: 'keep-file-locations',
        setup({ onLoad }) {
          onLoad({ filter: /bpf-native\/src\/.*\.ts$/ }, ({ path }) => ({
            contents: readFileSync(path, 'utf8').replaceAll(
              'import.meta.url',
              JSON.stringify(pathToFileURL(path).href),
            ),
            loader: 'ts',
          }));
        },
      },
    ],
  });
}
