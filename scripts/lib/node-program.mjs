// SPDX-License-Identifier: Apache-2.0
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { ScriptError } from './say.mjs';

/** Fetches the newest Node.js of a major version from npm, as the machine's other packages: only bin/node is kept of it. */
export function fetchNode(version, arch, directory) {
  const name = `node-linux-${arch}@${version}`;
  run('npm', ['pack', '--silent', '--pack-destination', directory, name]);
  const [tarball] = readdirSync(directory).filter((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new ScriptError(`npm pack brought no tarball of ${name}.`);
  run('tar', ['-xzf', join(directory, tarball), '-C', directory, '--strip-components=1', 'package/bin/node']);
  rmSync(join(directory, tarball));
}
