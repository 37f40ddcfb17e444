// SPDX-License-Identifier: Apache-2.0
// node scripts/setup.mjs [group…]: installs the Debian and npm packages that are missing, and for the tests other versions
// of some programs. Uses Node's own modules only, because it runs in a fresh clone. Without arguments: what building, the demonstration and the tests need.

import { ensureMachineFiles } from './kernels/machine-files.mjs';
import { ensurePackages } from './lib/apt.mjs';
import { ensureGoToolchains } from './lib/go-toolchains.mjs';
import { ensureNodeModules } from './lib/npm.mjs';
import { runMain, ScriptError, say } from './lib/say.mjs';
import { groupNames } from './lib/system-packages.mjs';
import { ensureTestPrograms } from './lib/test-programs.mjs';

await runMain(() => {
  const asked = process.argv.slice(2);
  const unknown = asked.find((name) => !groupNames.includes(name));
  if (unknown !== undefined)
    throw new ScriptError(`no package group "${unknown}"; there are: ${groupNames.join(', ')}.`);
  const groups = asked.length > 0 ? asked : ['build', 'demo', 'test', 'kernels'];

  const missing = process.platform === 'linux' ? ensurePackages(groups) : [];
  if (process.platform === 'linux' && groups.includes('test')) ensureGoToolchains();
  ensureNodeModules();
  if (groups.includes('test')) missing.push(...ensureTestPrograms());
  if (groups.includes('kernels')) missing.push(...ensureMachineFiles());
  say(missing.length === 0 ? `set up for: ${groups.join(', ')}` : `set up, except for: ${missing.join(', ')}`);
});
