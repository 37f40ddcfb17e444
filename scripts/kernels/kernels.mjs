// SPDX-License-Identifier: Apache-2.0
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DebianArchive, debianArch } from '../lib/debian-archive.mjs';
import { fetchOnce } from '../lib/fetch-once.mjs';
import { ScriptError } from '../lib/say.mjs';
import { kernelsCache } from './places.mjs';

/** Debian's kernels for virtual machines. `supported`: the programs shall run there, else be refused in a sentence. */
export const kernels = [
  { name: '5.10', suite: 'bullseye', supported: false },
  { name: '6.1', suite: 'bookworm', supported: true },
  { name: '6.12', suite: 'trixie', supported: true },
  { name: 'newest', suite: 'trixie-backports', supported: true },
];

/** Path of the kernel, fetched when it is not there. @throws ScriptError */
export function ensureKernel({ name, suite }, arch) {
  const place = join(kernelsCache, `kernel-${name}-${arch}`);
  fetchOnce(place, { suite }, (directory) => {
    const unpacked = join(directory, 'unpacked');
    const source = { directory: join(kernelsCache, '.index'), suites: [suite], arch: debianArch[arch] };
    DebianArchive.with(source, (archive) => {
      archive.unpack([packageWithKernel(archive, debianArch[arch])], unpacked);
    });
    const file = readdirSync(unpacked, { recursive: true }).find((path) => basename(path).startsWith('vmlinuz'));
    if (file === undefined) throw new ScriptError(`Debian's kernel of ${suite} has no file vmlinuz.`);
    renameSync(join(unpacked, file), join(directory, 'vmlinuz'));
    // Its modules: all that the tests need is in the kernel itself.
    rmSync(unpacked, { recursive: true });
  });
  return join(place, 'vmlinuz');
}

/** The package that the newest kernel itself is in: until 7.2 linux-image-…, from then on linux-binary-…. */
function packageWithKernel(archive, arch) {
  const image = archive.dependencies(`linux-image-cloud-${arch}`).find((name) => /^linux-image-\d/.test(name));
  if (image === undefined) throw new ScriptError(`there is no linux-image-cloud-${arch}.`);
  return archive.dependencies(image).find((name) => /^linux-binary-\d/.test(name)) ?? image;
}
