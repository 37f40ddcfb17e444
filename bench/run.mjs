// SPDX-License-Identifier: Apache-2.0
// node bench/run.mjs [--quick] [part…], parts as in run.ts: the benchmark is TypeScript, so it is bundled first. The packages under
// test stay outside of the bundle: what is measured is what was built.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const directory = fileURLToPath(new URL('.', import.meta.url));

await build({
  config: false,
  entry: {
    run: `${directory}run.ts`,
    sink: `${directory}grpc/sink.ts`,
    contender: `${directory}pipeline/contender-main.ts`,
  },
  outDir: `${directory}dist`,
  format: 'esm',
  outExtension: () => ({ js: '.mjs' }),
  target: 'node20',
  external: [/^@flowtap\//, '@grpc/grpc-js', 'hpack.js'],
  silent: true,
});
const { status } = spawnSync(process.execPath, [`${directory}dist/run.mjs`, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
