// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScriptError } from '../lib/say.mjs';

/** The libraries in the addon, as build-deps.sh pins them, with their licences (THIRD_PARTY_NOTICES.md). */
const licences = { zlib: 'Zlib', elfutils: 'LGPL-3.0-or-later', libbpf: 'BSD-2-Clause' };

/** Writes flowtap.cdx.json: the packages with what npm installs for them, and the C libraries that are linked into the addon. */
export function writeBillOfMaterials(clone, packages, out) {
  const workspaces = packages.flatMap(({ manifest }) => ['-w', manifest.name]);
  const args = ['sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx', ...workspaces];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: clone, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) throw new ScriptError(`npm sbom failed: ${stderr}`);
  const bill = JSON.parse(stdout);
  bill.components.push(...linkedLibraries(join(clone, 'packages/bpf-native/scripts/build-deps.sh')));
  writeFileSync(join(out, 'flowtap.cdx.json'), `${JSON.stringify(bill, undefined, 2)}\n`);
}

/** CycloneDX components of the lines `unpack <name>_<version>.… <sha256> …`. */
function linkedLibraries(script) {
  const pins = [
    ...readFileSync(script, 'utf8').matchAll(/^unpack (\w+)_([\d.]+?)(?:\.dfsg)?\.orig\S+ ([0-9a-f]{64})/gm),
  ];
  if (pins.length !== Object.keys(licences).length)
    throw new ScriptError(`${script} pins other libraries than expected.`);
  return pins.map(([, name, version, content]) => ({
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    purl: `pkg:generic/${name}@${version}`,
    licenses: [{ license: { id: licences[name] } }],
    hashes: [{ alg: 'SHA-256', content }],
  }));
}
