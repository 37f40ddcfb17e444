// SPDX-License-Identifier: Apache-2.0
// npm run docs:api: the reference of everything that the packages export, as web pages in docs/api. A warning is a failure.
import { join } from 'node:path';
import { binary, rootDirectory, run } from './lib/run.mjs';
import { runMain } from './lib/say.mjs';
import { publicPackages } from './lib/workspaces.mjs';

const OUTPUT = join(rootDirectory, 'docs/api');

const sources = publicPackages().flatMap(({ directory, manifest }) =>
  Object.values(manifest.exports)
    .filter((target) => target.types !== undefined)
    .map(({ types }) => join(directory, types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts'))),
);

// What the compiler finds, the type check tells.
await runMain(() => {
  run(binary('typedoc'), [
    ...['--name', 'Flowtap', '--readme', 'none', '--out', OUTPUT],
    ...['--tsconfig', join(rootDirectory, 'tsconfig.json'), '--treatWarningsAsErrors', '--skipErrorChecking'],
    ...['--excludeInternal', '--disableSources'],
    ...sources.flatMap((source) => ['--entryPoints', source]),
  ]);
});
