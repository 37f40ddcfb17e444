// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDirectory, run } from './run.mjs';
import { say } from './say.mjs';

/** Installs the npm packages of package-lock.json when node_modules does not hold them. */
export function ensureNodeModules() {
  const reason = whyStale();
  if (reason === undefined) return;
  say(`installing npm packages (${reason})`);
  run('npm', ['ci', '--no-audit', '--no-fund']);
}

function whyStale() {
  // npm's own record of what it has put into node_modules.
  const record = join(rootDirectory, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return 'node_modules is missing';
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(rootDirectory, 'package-lock.json'), 'utf8')).packages;
  for (const [path, entry] of Object.entries(locked)) {
    // Packages for other platforms are optional; workspaces are no part of the record, only the links to them.
    if (!path.includes('node_modules/') || entry.optional || entry.devOptional) continue;
    const found = installed[path];
    if (found === undefined) return `${path} is missing`;
    if (found.version !== entry.version) return `${path} is ${found.version}, not ${entry.version}`;
  }
  return undefined;
}
