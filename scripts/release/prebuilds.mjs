// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output, run } from '../lib/run.mjs';
import { ScriptError, say } from '../lib/say.mjs';

export const architectures = ['x64', 'arm64'];

/** What `readelf` calls the machine of each. */
const machines = { x64: 'X86-64', arm64: 'AArch64' };

const addons = (directory) => readdirSync(directory).filter((name) => name.endsWith('.node'));

/** That the tarball has an addon for every platform, and that this machine's loads. */
export function checkPrebuilds(tarball) {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-prebuilds-'));
  try {
    run('tar', ['-xzf', tarball, '-C', directory]);
    const prebuilds = join(directory, 'package', 'prebuilds');
    for (const arch of architectures) {
      const place = join(prebuilds, `linux-${arch}`);
      const [name] = existsSync(place) ? addons(place) : [];
      if (name === undefined) throw new ScriptError(`${tarball} has no prebuild for linux-${arch}.`);
      const header = output('llvm-readelf', ['--file-header', join(place, name)]) ?? '';
      if (!header.includes(machines[arch])) throw new ScriptError(`${join(place, name)} is for another machine.`);
      if (arch !== process.arch) continue;
      const loads = output(process.execPath, ['-p', `typeof require(${JSON.stringify(join(place, name))}).Session`]);
      if (loads?.trim() !== 'function') throw new ScriptError(`the prebuild for linux-${arch} does not load.`);
    }
    say(`prebuilds for ${architectures.join(' and ')} are in the package; the one for ${process.arch} loads`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same sources give the same bytes, wherever they are built: compares with what this checkout was built to. */
export function compareWithCheckout(built, checkout) {
  for (const arch of architectures) {
    const [ours, theirs] = [checkout, built].map((directory) => join(directory, `linux-${arch}`));
    if (!existsSync(ours)) {
      say(`reproducibility of linux-${arch}: not checked, the checkout has not built it`);
      continue;
    }
    const [before, now] = [ours, theirs].map((place) =>
      addons(place)
        .map((name) => sha256(join(place, name)))
        .join(),
    );
    if (before !== now) {
      throw new ScriptError(
        `the prebuild for linux-${arch} differs from the checkout's. Are there uncommitted changes? Then build and commit first.`,
      );
    }
    say(`reproducibility of linux-${arch}: identical to the checkout's build (SHA-256 ${now})`);
  }
}

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
