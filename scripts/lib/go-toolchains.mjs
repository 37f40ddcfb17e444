// SPDX-License-Identifier: Apache-2.0
// Go compilers of other Debian releases, unpacked beside the system's own: the tests compile with the oldest and the newest.
// apt fetches and checks them by an index of its own, so that nothing of the system changes.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canUseDebianArchive, DebianArchive } from './debian-archive.mjs';
import { rootDirectory } from './run.mjs';
import { ScriptError, say, warn } from './say.mjs';

const directory = join(rootDirectory, '.cache', 'go-toolchains');
const wanted = [
  // Debian 11 has the last Go whose functions take their arguments on the stack.
  { name: 'stack-abi', suites: ['bullseye'] },
  { name: 'newest', suites: ['trixie', 'trixie-backports'] },
];

/** Fetches what is not there. What cannot be fetched is reported, and the tests that need it say so. */
export function ensureGoToolchains() {
  if (!canUseDebianArchive()) return;
  for (const { name, suites } of wanted) {
    if (existsSync(join(directory, name, 'complete'))) continue;
    try {
      fetchToolchain(name, suites);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      warn(error.message);
    }
  }
}

function fetchToolchain(name, suites) {
  const target = join(directory, name);
  rmSync(target, { recursive: true, force: true });
  DebianArchive.with({ directory: join(directory, '.index'), suites }, (archive) => {
    const newest = newestVersion(archive.names('golang-1.'));
    if (newest === undefined) throw new ScriptError(`Debian ${suites[0]} has no Go compiler.`);
    say(`fetching ${newest} of Debian ${suites[0]} for the tests`);
    archive.unpack([`${newest}-go`, `${newest}-src`], target);
    writeFileSync(join(target, 'complete'), `${newest.replace('golang', 'go')}\n`);
  });
}

/** "golang-1.27" of the names of all packages. */
function newestVersion(names) {
  const minors = names.flatMap((name) => /^golang-1\.(\d+)-go$/.exec(name)?.[1] ?? []).map(Number);
  return minors.length === 0 ? undefined : `golang-1.${Math.max(...minors)}`;
}
