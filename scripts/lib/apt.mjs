// SPDX-License-Identifier: Apache-2.0
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { hasCommand, isRoot, output, run, status } from './run.mjs';
import { say, warn } from './say.mjs';
import { groups } from './system-packages.mjs';

const policyFile = '/usr/sbin/policy-rc.d';

/** Names of the packages of these groups that are not there. */
export function missingPackages(groupNames) {
  const wanted = groupNames.flatMap((name) => groups[name]);
  const installed = installedLibraries(wanted.filter(({ library }) => library).map(({ name }) => name));
  const missing = wanted.filter(({ name, command, library }) =>
    library ? !installed.has(name) : !hasCommand(command),
  );
  return [...new Set(missing.map(({ name }) => name))];
}

function installedLibraries(names) {
  if (names.length === 0 || !hasCommand('dpkg-query')) return new Set();
  // Without names that dpkg does not know the status would be 0; output comes either way, so a shell hides the status.
  const list = output('sh', [
    '-c',
    `dpkg-query -W -f '\${db:Status-Status} \${Package}\\n' ${names.join(' ')} 2>/dev/null; true`,
  ]);
  return new Set((list ?? '').split('\n').flatMap((line) => (line.startsWith('installed ') ? [line.slice(10)] : [])));
}

/** Installs what is missing, or says what has to be installed where that is not ours to do. Returns what is still missing. */
export function ensurePackages(groupNames) {
  const missing = missingPackages(groupNames);
  if (missing.length === 0) return missing;
  if (!hasCommand('apt-get')) {
    warn(`missing programs. On Debian they are in the packages: ${missing.join(' ')}`);
    return missing;
  }
  if (!isRoot) {
    warn(`missing programs, and only root may install them:\n    sudo apt-get install ${missing.join(' ')}`);
    return missing;
  }
  say(`installing Debian packages: ${missing.join(' ')}`);
  install(missing);
  return missingPackages(groupNames);
}

function install(names) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' };
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  // A source of the user's that cannot be reached need not stop the installation from the others.
  if (status('apt-get', [...options, 'update'], { env }) !== 0) warn('apt-get update reported a problem; going on.');
  withoutStartingServices(() => {
    run('apt-get', [...options, '-y', '--no-install-recommends', 'install', ...names], { env });
  });
  // Programs for tests here: they shall not start at the next boot either.
  const packages = Object.values(groups).flat();
  const services = packages.filter(({ name, service }) => service !== undefined && names.includes(name));
  for (const service of new Set(services.map((each) => each.service)))
    output('systemctl', ['disable', '--quiet', service]);
}

/** invoke-rc.d and deb-systemd-invoke ask policy-rc.d before they start a service; 101 is "no" (invoke-rc.d(8)). */
function withoutStartingServices(action) {
  if (existsSync(policyFile)) {
    action();
    return;
  }
  // With a listener an interruption ends apt-get only, which then is an error here, and the file is removed.
  const keepRunning = () => {};
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, keepRunning);
  writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    action();
  } finally {
    rmSync(policyFile, { force: true });
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, keepRunning);
  }
}
