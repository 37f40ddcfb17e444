// SPDX-License-Identifier: Apache-2.0
// Go compilers of other Debian releases, unpacked beside the system's own: the tests compile with the oldest and the newest.
// apt fetches and checks them by an index of its own, so that nothing of the system changes.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCommand, output, rootDirectory, run, status } from './run.mjs';
import { say, warn } from './say.mjs';

const directory = join(rootDirectory, '.cache', 'go-toolchains');
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Debian moves releases to the archive when they are no longer maintained. */
const mirrors = ['http://deb.debian.org/debian', 'http://archive.debian.org/debian'];
const wanted = [
  // Debian 11 has the last Go whose functions take their arguments on the stack.
  { name: 'stack-abi', suites: ['bullseye'] },
  { name: 'newest', suites: ['trixie', 'trixie-backports'] },
];

/** Fetches what is not there. What cannot be fetched is reported, and the tests that need it say so. */
export function ensureGoToolchains() {
  if (!['apt-get', 'apt-cache', 'dpkg'].every(hasCommand) || !existsSync(keyring)) return;
  for (const { name, suites } of wanted) {
    if (existsSync(join(directory, name, 'complete'))) continue;
    if (!mirrors.some((mirror) => fetchToolchain(name, suites, mirror)))
      warn(`no Go compiler of ${suites[0]} to be had.`);
  }
}

function fetchToolchain(name, suites, mirror) {
  const target = join(directory, name);
  rmSync(target, { recursive: true, force: true });
  for (const part of ['lists/partial', 'archives/partial']) mkdirSync(join(target, 'apt', part), { recursive: true });
  const sources = join(target, 'apt', 'sources.list');
  writeFileSync(sources, suites.map((suite) => `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`).join(''));
  // An empty one: what this system has installed is not what there is to fetch.
  const dpkgStatus = join(target, 'apt', 'status');
  writeFileSync(dpkgStatus, '');
  const options = Object.entries({
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '-',
    'Dir::State::status': dpkgStatus,
    'Dir::State::Lists': join(target, 'apt', 'lists'),
    'Dir::Cache': join(target, 'apt'),
    'Acquire::Retries': '3',
    'Acquire::Languages': 'none',
    'Acquire::Check-Valid-Until': 'false',
    'APT::Sandbox::User': 'root',
  }).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  if (status('apt-get', ['-qq', ...options, 'update', '--error-on=any']) !== 0) return false;
  const newest = newestVersion(output('apt-cache', [...options, 'pkgnames', 'golang-1.']) ?? '');
  if (newest === undefined) return false;
  say(`fetching ${newest} of Debian ${suites[0]} for the tests`);
  const packages = [`${newest}-go`, `${newest}-src`];
  if (status('sh', ['-c', 'cd "$0" && exec apt-get -qq "$@"', target, ...options, 'download', ...packages]) !== 0) {
    return false;
  }
  for (const file of readdirSync(target).filter((entry) => entry.endsWith('.deb'))) {
    run('dpkg', ['-x', join(target, file), target]);
    rmSync(join(target, file));
  }
  rmSync(join(target, 'apt'), { recursive: true });
  writeFileSync(join(target, 'complete'), `${newest.replace('golang', 'go')}\n`);
  return true;
}

/** "golang-1.27" of the names of all packages. */
function newestVersion(names) {
  const minors = [...names.matchAll(/^golang-1\.(\d+)-go$/gm)].map((match) => Number(match[1]));
  return minors.length === 0 ? undefined : `golang-1.${Math.max(...minors)}`;
}
