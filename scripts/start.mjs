// SPDX-License-Identifier: Apache-2.0
// Shows Flowtap at work: decrypts the traffic of a Python server and of curl, live; where this machine or user may not
// capture, replays a recording of the same. Ends with 0 only when decrypted HTTPS flows were printed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countDecryptedFlows } from './demo/flows.mjs';
import { demonstrateLive } from './demo/live.mjs';
import { isRoot, rootDirectory, run } from './lib/run.mjs';
import { runMain, ScriptError, say, warn } from './lib/say.mjs';

const flowtap = join(rootDirectory, 'examples/agent/bin/flowtap.js');
const recording = join(rootDirectory, 'examples/agent/fixtures/demo.flowlog');

await runMain(async () => {
  run(process.execPath, [join(rootDirectory, 'scripts/setup.mjs'), 'build', 'demo']);
  run(process.execPath, [join(rootDirectory, 'scripts/build.mjs')]);

  const directory = mkdtempSync(join(tmpdir(), 'flowtap-demo-'));
  try {
    const flows = await demonstrate(directory);
    if (flows === 0) throw new ScriptError('no decrypted HTTPS flow appeared. "npx flowtap doctor" may say why.');
    say(`${flows} decrypted HTTPS flows. Try it yourself: npx flowtap run -- curl https://example.org`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

async function demonstrate(directory) {
  const obstacle = whyNotLive();
  if (obstacle === undefined) return demonstrateLive(flowtap, directory);
  warn(`${obstacle} Replaying a recording instead.`);
  const file = join(directory, 'replay.jsonl');
  run(process.execPath, [flowtap, 'replay', recording, '--output', 'stdout', '--output', `jsonl:${file}`]);
  return countDecryptedFlows(file);
}

function whyNotLive() {
  if (process.platform !== 'linux') return `Live capture needs Linux, this is ${process.platform}.`;
  if (!isRoot) return 'Live capture needs root.';
  const doctor = spawnSync(process.execPath, [flowtap, 'doctor', '--json'], { encoding: 'utf8' });
  let report;
  try {
    report = JSON.parse(doctor.stdout);
  } catch {
    // A doctor that fails is a fault of the build, not of the machine.
    throw new ScriptError(`flowtap doctor failed: ${doctor.stderr}`);
  }
  if (report.ok) return undefined;
  const missing = report.checks.filter(({ ok, required }) => required && !ok);
  return missing.map(({ name, detail, remedy }) => `${name}: ${detail}. ${remedy ?? ''}`).join('\n  ');
}
