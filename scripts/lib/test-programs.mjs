// SPDX-License-Identifier: Apache-2.0
// Programs for the live tests that this machine's own packages do not offer: other versions of Node.js, and Python with
// the libssl of other Debian releases. They go to .cache/test-programs and are nobody's installation.
import { join } from 'node:path';
import { DebianArchive } from './debian-archive.mjs';
import { fetchOnce } from './fetch-once.mjs';
import { fetchNode } from './node-program.mjs';
import { rootDirectory } from './run.mjs';
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

/** Fetches what is missing. Returns the names of what could not be had; the tests that need it say so too. */
export function ensureTestPrograms() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return ['other versions of programs: x86-64 Linux only'];
  return [
    ...nodeVersions.map((version) =>
      fetched(`node-${version}`, version, (directory) => fetchNode(version, process.arch, directory)),
    ),
    ...releases.map((release) => fetched(release.name, release, (directory) => fetchRelease(release, directory))),
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
