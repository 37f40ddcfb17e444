// SPDX-License-Identifier: Apache-2.0
// Everything of a release but the upload, from the last commit, in a clone below .cache/release: versions and changelogs,
// prebuilds for all platforms, checks, tarballs, a software bill of materials and checksums in .cache/release/out.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { output, rootDirectory, run } from './lib/run.mjs';
import { runMain, ScriptError, say } from './lib/say.mjs';
import { publicPackages } from './lib/workspaces.mjs';
import { writeBillOfMaterials } from './release/bill-of-materials.mjs';
import { writeChecksums } from './release/checksums.mjs';
import { architectures, checkPrebuilds, compareWithCheckout } from './release/prebuilds.mjs';

const directory = join(rootDirectory, '.cache', 'release');
const clone = join(directory, 'source');
const out = join(directory, 'out');
const native = 'packages/bpf-native';

await runMain(() => {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  say(`cloning ${output('git', ['rev-parse', '--short', 'HEAD'])?.trim()}`);
  run('git', ['clone', '--quiet', rootDirectory, clone]);
  // What was downloaded already; the hashes are checked again.
  const sources = join(native, '.cache', 'sources');
  if (existsSync(join(rootDirectory, sources)))
    cpSync(join(rootDirectory, sources), join(clone, sources), { recursive: true });

  const inClone = (command, args) => run(command, args, { cwd: clone });
  inClone('npm', ['ci', '--no-audit', '--no-fund', '--loglevel', 'error']);
  say('versions and changelogs');
  inClone('npm', ['run', '--silent', 'version']);
  say(`prebuilds for ${architectures.join(', ')}`);
  inClone(process.execPath, [join(native, 'scripts/build-native.mjs'), ...architectures]);
  inClone(process.execPath, ['scripts/build.mjs']);
  inClone(process.execPath, ['scripts/check-packages.mjs']);

  const packages = publicPackages(clone);
  for (const { directory: place, manifest } of packages) {
    if (manifest.version === '0.0.0') throw new ScriptError(`${manifest.name} got no version: it has no changeset.`);
    if (!existsSync(join(place, 'CHANGELOG.md'))) throw new ScriptError(`${manifest.name} has no CHANGELOG.md.`);
    run('npm', ['pack', '--silent', '--pack-destination', out], { cwd: place });
  }
  const tarballs = readdirSync(out);
  checkPrebuilds(
    join(
      out,
      tarballs.find((name) => name.startsWith('flowtap-bpf-native-')),
    ),
  );
  compareWithCheckout(join(clone, native, 'prebuilds'), join(rootDirectory, native, 'prebuilds'));
  writeBillOfMaterials(clone, packages, out);
  writeChecksums(out);
  say(`${tarballs.length} packages are in ${out}; nothing was published`);
});
