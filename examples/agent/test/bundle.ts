// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';

const agent = fileURLToPath(new URL('..', import.meta.url));
const packages = fileURLToPath(new URL('../../../packages', import.meta.url));

export interface Bundle {
  /** Path of a script for node. */
  readonly script: string;
  remove(): Promise<void>;
}

/**
 * Bundles a TypeScript entry point from the sources of the whole workspace, so that a test can run it as a process of
 * its own without a build before it.
 *
 * @param entry path relative to examples/agent.
 */
export async function bundle(entry: string): Promise<Bundle> {
  // Inside the workspace, so that dependencies from npm resolve.
  const cache = join(agent, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const outDir = await mkdtemp(join(cache, 'flowtap-test-'));
  await build({
    config: false,
    entry: [join(agent, entry)],
    outDir,
    format: 'esm',
    target: 'node20',
    silent: true,
    splitting: false,
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/^@flowtap\//],
    external: [
      'commander',
      'node-gyp-build',
      'eventemitter3',
      'dockerode',
      '@grpc/grpc-js',
      /^@opentelemetry\//,
      /^@bufbuild\/protobuf/,
    ],
    esbuildOptions(options) {
      options.alias = Object.fromEntries(
        readdirSync(packages).map((name) => [`@flowtap/${name}`, join(packages, name, 'src/index.ts')]),
      );
    },
    esbuildPlugins: [
      {
        // Other packages of the workspace have another version of it.
        name: 'protobufjs-of-its-package',
        setup({ onResolve }) {
          const { resolve } = createRequire(join(packages, 'grpc-schema/package.json'));
          onResolve({ filter: /^protobufjs(\/|$)/ }, ({ path }) => ({ path: resolve(path), external: true }));
        },
      },
      {
        // The native addon is found relative to the file that loads it.
        name: 'keep-file-locations',
        setup({ onLoad }) {
          onLoad({ filter: /packages\/[\w-]+\/src\/.*\.ts$/ }, ({ path }) => ({
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
  return {
    script: join(outDir, `${basename(entry, '.ts')}.mjs`),
    remove: () => rm(outDir, { recursive: true, force: true }),
  };
}
