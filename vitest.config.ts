// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run on the sources, so that no build is needed before them and no stale build can hide a change.
    alias: [
      { find: '@flowtap/core/testing', replacement: source('core/src/testing/index.ts') },
      { find: '@flowtap/core', replacement: source('core/src/index.ts') },
      { find: '@flowtap/bpf-native', replacement: source('bpf-native/src/index.ts') },
      { find: '@flowtap/grpc-schema', replacement: source('grpc-schema/src/index.ts') },
      { find: '@flowtap/docker-tracker', replacement: source('docker-tracker/src/index.ts') },
      { find: '@flowtap/grpc-exporter', replacement: source('grpc-exporter/src/index.ts') },
      { find: '@flowtap/otlp-exporter', replacement: source('otlp-exporter/src/index.ts') },
      { find: '@flowtap/protocols-http1', replacement: source('protocols-http1/src/index.ts') },
      { find: '@flowtap/protocols-http2/hpack', replacement: source('protocols-http2/src/hpack/index.ts') },
      { find: '@flowtap/protocols-http2', replacement: source('protocols-http2/src/index.ts') },
      { find: '@flowtap/protocols-mysql', replacement: source('protocols-mysql/src/index.ts') },
      { find: '@flowtap/protocols-postgres', replacement: source('protocols-postgres/src/index.ts') },
      { find: '@flowtap/protocols-redis', replacement: source('protocols-redis/src/index.ts') },
      { find: '@flowtap/protocols-websocket', replacement: source('protocols-websocket/src/index.ts') },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/test/**/*.test.ts',
            'examples/*/src/**/*.test.ts',
            'examples/*/test/**/*.test.ts',
            'test/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, '**/test/live/**'],
          // A busy machine may need long for many runs of a property.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // What the documents say, done: needs `npm run build`, and Linux and root for what captures.
        test: {
          name: 'docs',
          include: ['test/docs/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        // Real programs captured by the built command: needs `npm run build`, Linux and root.
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts', 'examples/*/test/live/**/*.test.ts'],
          // One at a time: they share the kernel, and some of them judge timing.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
