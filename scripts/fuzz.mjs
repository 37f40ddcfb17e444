// SPDX-License-Identifier: Apache-2.0
// npm run fuzz [-- <seconds>]: mutated recordings for the parsers, five minutes by default.
import { spawnSync } from 'node:child_process';

const seconds = Number(process.argv[2] ?? 300);
if (!Number.isSafeInteger(seconds) || seconds < 1) {
  process.stderr.write(`fuzz: '${process.argv[2]}' is not a number of seconds.\n`);
  process.exit(2);
}
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'unit', 'packages/protocols-http2/test/fuzz'], {
  env: { ...process.env, FLOWTAP_FUZZ_SECONDS: String(seconds) },
  stdio: 'inherit',
});
process.exit(status ?? 1);
