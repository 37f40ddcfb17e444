// SPDX-License-Identifier: Apache-2.0
// Programs for the live tests that this machine's own packages do not offer: other versions of Node.js, and Python with
// the libssl of other Debian releases. They go to .cache/test-programs and are nobody's installation. With them comes the
// public corpus of HTTP/2 header blocks.
import { join } from 'node:path';
import { DebianArchive } from './debian-archive.mjs';
import { fetchOnce } from './fetch-once.mjs';
import { fetchNode } from './node-program.mjs';
import { output, rootDirectory, run } from './run.mjs';
import { ScriptError, warn } from './say.mjs';

const programsDirectory = join(rootDirectory, '.cache', 'test-programs');

const nodeVersions = [20, 22, 24, 26];

const common = ['libc6', 'libgcc-s1', 'zlib1g', 'libexpat1'];

/** Python of each release with what its ssl module loads; the loader of its own C library starts it. */
const releases = [
  { name: 'bullseye', python: '3.9', packages: [...common, 'libssl1.1'], security: 'bullseye-security' },
  { name: 'bookworm', python: '3.11', packages: [...common, 'libssl3'], security: 'bookworm-security' },
  { name: 'trixie', python: '3.13', packages: [...common, 'libssl3t64', 'libzstd1'], security: 'trixie-security' },
];

/** The source package of Debian that carries the corpus of header blocks, and where in it. */
const headerBlocks = {
  tarball: 'haskell-http2_3.0.3.orig.tar.gz',
  sha256: '1bae426d9b9c7266b89ae13b8ad7dfb548d16efe4c4dda6c0fa35b7b474c69cf',
  pool: 'h/haskell-http2',
  path: 'test-hpack/hpack-test-case',
};

/** Fetches what is missing. Returns the names of what could not be had; the tests that need it say so too. */
export function ensureTestPrograms() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return ['other versions of programs: x86-64 Linux only'];
  return [
    ...nodeVersions.map((version) =>
      fetched(`node-${version}`, version, (directory) => fetchNode(version, process.arch, directory)),
    ),
    ...releases.map((release) => fetched(release.name, release, (directory) => fetchRelease(release, directory))),
    fetched('hpack-test-case', headerBlocks, fetchHeaderBlocks),
  ].filter((name) => name !== undefined);
}

function fetched(name, recipe, fetch) {
  try {
    fetchOnce(join(programsDirectory, name), recipe, fetch);
    return undefined;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    warn(error.message);
    return name;
  }
}

function fetchRelease({ name, python, packages, security }, directory) {
  const parts = [`python${python}-minimal`, `libpython${python}-minimal`, `libpython${python}-stdlib`];
  const index = join(programsDirectory, '.index');
  DebianArchive.with({ directory: index, suites: [name], security: [security] }, (archive) => {
    archive.unpack([...parts, ...packages], directory);
  });
}

function fetchHeaderBlocks(directory) {
  const { tarball, sha256, pool, path } = headerBlocks;
  const file = output(join(rootDirectory, 'packages/bpf-native/scripts/fetch-source.sh'), [tarball, sha256, pool]);
  if (file === undefined) throw new ScriptError(`${tarball} of Debian could not be had.`);
  const within = ['--wildcards', `*/${path}/*`, '--strip-components=3'];
  run('tar', ['-xf', file.trim(), '-C', directory, ...within]);
}
