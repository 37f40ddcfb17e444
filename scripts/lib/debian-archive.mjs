// SPDX-License-Identifier: Apache-2.0
// Packages of any Debian release and architecture, by an index of its own: the machine's sources and what it has
// installed stay as they are; signatures are checked as always.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCommand, output, run, status } from './run.mjs';
import { ScriptError } from './say.mjs';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Releases that are no longer maintained move to the others. */
const mirrors = [
  { url: 'http://deb.debian.org', hasSecurity: true },
  { url: 'http://archive.debian.org', hasSecurity: true },
  { url: 'http://archive.debian.org', hasSecurity: false },
];

/** Debian's name of an architecture as Node.js calls it. */
export const debianArch = { x64: 'amd64', arm64: 'arm64' };

/** Whether this machine can use the archive at all. */
export function canUseDebianArchive() {
  return ['apt-get', 'apt-cache', 'dpkg-deb', 'tar'].every(hasCommand) && existsSync(keyring);
}

export class DebianArchive {
  #options;
  #directory;

  constructor(directory, options) {
    this.#directory = directory;
    this.#options = options;
  }

  /**
   * Lets `use` work with the packages of these suites, and forgets the index afterwards.
   *
   * @param directory for the index and the downloads; made, and removed at the end.
   * @param suites suites of the main archive, such as 'bookworm'; `security`: of the security archive.
   * @throws ScriptError no mirror has them
   */
  static with({ directory, suites, security = [], arch = 'amd64' }, use) {
    try {
      for (const mirror of mirrors) {
        const options = prepare(directory, { suites, security: mirror.hasSecurity ? security : [], arch }, mirror.url);
        if (status('apt-get', [...options, 'update']) === 0) return use(new DebianArchive(directory, options));
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    throw new ScriptError(`no mirror has Debian's packages of ${suites.join(', ')} for ${arch}.`);
  }

  /** Names of packages that begin so. */
  names(prefix) {
    return (output('apt-cache', [...this.#options, 'pkgnames', prefix]) ?? '').split('\n').filter(Boolean);
  }

  /** The fields "Depends" of a package's newest version: names, without versions and alternatives. */
  dependencies(name) {
    const text = output('apt-cache', [...this.#options, '--no-all-versions', 'show', name]) ?? '';
    const list = /^Depends: (.*)$/m.exec(text)?.[1] ?? '';
    return list.split(',').map((entry) => entry.trim().split(/[ :|]/)[0]);
  }

  /** Downloads these packages and unpacks them, one over the other. */
  unpack(names, root) {
    const place = this.#emptyPlace();
    run('apt-get', [...this.#options, 'download', ...names], { cwd: place });
    this.#unpackAll(place, root);
  }

  /** The same with all that they depend on. */
  unpackWithDependencies(names, root) {
    const place = this.#emptyPlace();
    const archives = ['-o', `Dir::Cache::archives=${place}`];
    const quiet = ['-y', '--no-install-recommends', '--download-only'];
    run('apt-get', [...this.#options, ...archives, ...quiet, 'install', ...names]);
    this.#unpackAll(place, root);
  }

  #emptyPlace() {
    const place = join(this.#directory, 'packages');
    rmSync(place, { recursive: true, force: true });
    mkdirSync(join(place, 'partial'), { recursive: true });
    return place;
  }

  #unpackAll(place, root) {
    mkdirSync(root, { recursive: true });
    for (const file of readdirSync(place).filter((name) => name.endsWith('.deb'))) {
      // A directory such as /lib may be a link to /usr/lib in the root, and stays one.
      const script = 'dpkg-deb --fsys-tarfile "$0" | tar -x --keep-directory-symlink -C "$1"';
      run('bash', ['-o', 'pipefail', '-c', script, join(place, file), root]);
    }
  }
}

function prepare(directory, { suites, security, arch }, url) {
  rmSync(directory, { recursive: true, force: true });
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'etc/preferences.d']) {
    mkdirSync(join(directory, path), { recursive: true });
  }
  // What this machine has installed is not what there is to fetch.
  writeFileSync(join(directory, 'state/status'), '');
  const source = (path, suite) => `deb [signed-by=${keyring} arch=${arch}] ${url}/${path} ${suite} main\n`;
  const lines = [
    ...suites.map((suite) => source('debian', suite)),
    ...security.map((suite) => source('debian-security', suite)),
  ];
  writeFileSync(join(directory, 'etc/sources.list'), lines.join(''));
  const settings = {
    'Dir::State': join(directory, 'state'),
    'Dir::State::status': join(directory, 'state/status'),
    'Dir::Cache': join(directory, 'cache'),
    'Dir::Etc::sourcelist': join(directory, 'etc/sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::Etc::preferences': '-',
    'Dir::Etc::preferencesparts': join(directory, 'etc/preferences.d'),
    'APT::Architecture': arch,
    'APT::Architectures': arch,
    // Root's own files: the user _apt may not read them.
    'APT::Sandbox::User': 'root',
    // A release that is no longer supported stays as it was.
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'APT::Update::Error-Mode': 'any',
  };
  return ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}
