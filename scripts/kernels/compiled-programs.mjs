// SPDX-License-Identifier: Apache-2.0
// Programs of the tests that a compiler makes, for any architecture: in the machines there is none.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { debianArch } from '../lib/debian-archive.mjs';
import { rootDirectory, run } from '../lib/run.mjs';
import { kernelsCache } from './places.mjs';

const nativePackage = join(rootDirectory, 'packages/bpf-native');
const goSources = join(rootDirectory, 'test/live/support/go');
/** Named as test/live/support/go.ts names them. */
const goVariants = [
  { suffix: '', flags: [] },
  { suffix: '-not-inlined', flags: ['-gcflags=all=-l'] },
];

/** The directory with them. @throws ScriptError */
export function compilePrograms(arch, { withGo }) {
  const directory = join(kernelsCache, `programs-${arch}`);
  mkdirSync(directory, { recursive: true });
  compileC(join(nativePackage, 'test/programs/calls.c'), join(directory, 'calls'), arch);
  if (withGo) compileGo(directory, arch);
  return directory;
}

/** With the compiler and the C library of the addon. */
function compileC(source, output, arch) {
  const script = 'source scripts/toolchain.sh && $CC -fuse-ld=lld -O1 -pthread -o "$1" "$0"';
  run('bash', ['-euc', script, source, output], { cwd: nativePackage, env: { FLOWTAP_ARCH: arch } });
}

function compileGo(directory, arch) {
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
  for (const { suffix, flags } of goVariants) {
    for (const program of ['server', 'client']) {
      const output = join(directory, `${program}-system${suffix}`);
      run('go', ['build', ...flags, '-o', output, `./${program}`], { cwd: goSources, env });
    }
  }
}
