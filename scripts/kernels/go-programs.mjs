// SPDX-License-Identifier: Apache-2.0
// The Go programs of the live tests for another architecture, named as test/live/support/go.ts names them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { debianArch } from '../lib/debian-archive.mjs';
import { rootDirectory, run } from '../lib/run.mjs';
import { kernelsCache } from './places.mjs';

const sources = join(rootDirectory, 'test/live/support/go');
const variants = [
  { suffix: '', flags: [] },
  { suffix: '-not-inlined', flags: ['-gcflags=all=-l'] },
];

/** The directory with them. @throws ScriptError */
export function buildGoPrograms(arch) {
  const directory = join(kernelsCache, `go-${arch}`);
  mkdirSync(directory, { recursive: true });
  const env = {
    GOARCH: debianArch[arch],
    GOOS: 'linux',
    GOCACHE: join(rootDirectory, '.cache/go-build-system'),
    GOPATH: join(rootDirectory, '.cache/go-path'),
    GO111MODULE: 'off',
    GOPROXY: 'off',
    GOFLAGS: '',
    CGO_ENABLED: '0',
  };
  for (const { suffix, flags } of variants) {
    for (const program of ['server', 'client']) {
      const output = join(directory, `${program}-system${suffix}`);
      run('go', ['build', ...flags, '-o', output, `./${program}`], { cwd: sources, env });
    }
  }
  return directory;
}
