// SPDX-License-Identifier: Apache-2.0
// Installs what is missing, builds, and runs every check and test. The last line is "N passed, N failed".
// With CI=true or FLOWTAP_REQUIRE_ALL=1 a skipped test counts as failed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, rootDirectory, run, status } from './lib/run.mjs';
import { runMain, say, warn } from './lib/say.mjs';
import { Tally } from './test/tally.mjs';

const minuteMs = 60_000;
const requireAll = process.env.CI === 'true' || process.env.FLOWTAP_REQUIRE_ALL === '1';
const tally = new Tally();

await runMain(() => {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-test-'));
  try {
    prepare();
    check('typecheck', binary('tsc'), ['--noEmit', '-p', 'tsconfig.json']);
    check('lint', binary('biome'), ['check', '--error-on-warnings']);
    check('packages', process.execPath, ['scripts/check-packages.mjs']);
    check('reference', process.execPath, ['scripts/docs-api.mjs']);
    vitest('unit', directory, 15 * minuteMs);
    vitest('docs', directory, 5 * minuteMs);
    vitest('live', directory, 30 * minuteMs);
    // The rest of it: npm run test:kernels.
    check('another kernel', process.execPath, ['scripts/test-kernels.mjs', '--quick'], 12 * minuteMs);
  } catch (error) {
    tally.fail(error instanceof Error ? error.message : String(error));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return report();
});

function prepare() {
  run(process.execPath, [join(rootDirectory, 'scripts/setup.mjs'), 'build', 'test', 'kernels']);
  run(process.execPath, [join(rootDirectory, 'scripts/build.mjs')]);
}

function check(name, command, args, timeoutMs = 5 * minuteMs) {
  say(name);
  tally.addCheck(name, status(command, args, { timeoutMs }) === 0);
}

function vitest(project, directory, timeoutMs) {
  say(`${project} tests`);
  const file = join(directory, `${project}.json`);
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  tally.addReport(project, file, status(binary('vitest'), args, { timeoutMs }));
}

function report() {
  if (requireAll) tally.requireAll();
  for (const problem of tally.problems) warn(problem);
  if (tally.skipped > 0) say(`${tally.skipped} skipped`);
  process.stdout.write(`${tally.summary}\n`);
  return tally.failed === 0 ? 0 : 1;
}
