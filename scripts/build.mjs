// SPDX-License-Identifier: Apache-2.0
// Builds the native addon, where this machine can, and then all packages in the order of their dependencies.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackages } from './lib/apt.mjs';
import { binary, rootDirectory, run } from './lib/run.mjs';
import { runMain, ScriptError, say, warn } from './lib/say.mjs';

await runMain(() => {
  if (!existsSync(binary('turbo'))) throw new ScriptError('npm packages are missing. Run "npm run setup" first.');
  buildNative();
  say('building the packages');
  run(binary('turbo'), ['run', 'build', '--output-logs=errors-only', '--ui=stream'], {
    env: { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
  });
});

function buildNative() {
  if (process.platform !== 'linux') {
    say(`live capture needs Linux; on ${process.platform} only recorded event logs can be read. Native addon skipped.`);
    return;
  }
  const missing = missingPackages(['build']);
  if (missing.length > 0) {
    // Everything but live capture works without the addon.
    warn(`native addon skipped: the packages ${missing.join(', ')} are missing.`);
    return;
  }
  run(process.execPath, [join(rootDirectory, 'packages/bpf-native/scripts/build-native.mjs')]);
}
