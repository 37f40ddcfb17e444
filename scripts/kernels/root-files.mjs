// SPDX-License-Identifier: Apache-2.0
// The file system of the virtual machines: programs of Debian 12, unpacked and not installed, and Node.js from npm.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DebianArchive, debianArch } from '../lib/debian-archive.mjs';
import { fetchOnce } from '../lib/fetch-once.mjs';
import { fetchNode } from '../lib/node-program.mjs';
import { output, run } from '../lib/run.mjs';
import { kernelsCache } from './places.mjs';

const nodeVersion = 20;
const python = '3.11';

const packages = [
  ...['busybox-static', 'dash', 'libc-bin', 'util-linux', 'libstdc++6', 'bpftool'],
  ...['curl', 'wget', 'openssl', 'nginx-light', 'python3', 'python3-requests'],
];

/** Large, and read by nobody there. */
const superfluous = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/perl',
  'usr/bin/perl*',
  'var/cache',
];

/** What Debian's packages would do when they are configured. */
const accounts = {
  passwd: 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/sh\n',
  group: 'root:x:0:\nnogroup:x:65534:\n',
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
};

/** The directory, filled when it is not there. @throws ScriptError */
export function ensureRootFiles(arch) {
  const place = join(kernelsCache, `root-${arch}`);
  fetchOnce(place, { packages, nodeVersion, version: 1 }, (directory) => fill(directory, arch));
  return place;
}

function fill(root, arch) {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  const index = join(kernelsCache, '.index');
  const source = { directory: index, suites: ['bookworm'], security: ['bookworm-security'], arch: debianArch[arch] };
  DebianArchive.with(source, (archive) => archive.unpackWithDependencies(packages, root));
  for (const path of superfluous) run('sh', ['-c', `rm -rf ${path}`], { cwd: root });
  mkdirSync(join(root, '.node'));
  fetchNode(nodeVersion, arch, join(root, '.node'));
  run('mv', [join(root, '.node/bin/node'), join(root, 'usr/bin/node')]);
  rmSync(join(root, '.node'), { recursive: true });
  for (const [name, text] of Object.entries(accounts)) writeFileSync(join(root, 'etc', name), text);
  compilePython(root);
}

/** Python's modules are compiled when they are installed; where this machine cannot, they are at each start. */
function compilePython(root) {
  const version = 'import sys; print("%d.%d" % sys.version_info[:2])';
  if (output('python3', ['-c', version])?.trim() !== python) return;
  const directories = [`usr/lib/python${python}`, 'usr/lib/python3/dist-packages'].map((path) => join(root, path));
  run('python3', ['-m', 'compileall', '-q', '--invalidation-mode', 'unchecked-hash', ...directories]);
}
