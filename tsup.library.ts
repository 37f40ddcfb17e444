// SPDX-License-Identifier: Apache-2.0
import { defineConfig, type Options } from 'tsup';

/** How the packages of the library are built; a package adds what is different about it. */
export function library(options: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: ['src/index.ts'],
    format: 'esm',
    target: 'node20',
    clean: true,
    // tsup injects a baseUrl that TypeScript 6 deprecates.
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    ...options,
  });
}
