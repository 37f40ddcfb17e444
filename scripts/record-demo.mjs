// SPDX-License-Identifier: Apache-2.0
// Records examples/agent/fixtures/demo.flowlog anew, which `npm start` replays where it cannot capture: the traffic of the
// demonstration's server, which is made up and holds nothing secret. Needs root and a build.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startHttpsServer } from './demo/https-server.mjs';
import { attachToServer } from './demo/live.mjs';
import { rootDirectory } from './lib/run.mjs';
import { runMain, say } from './lib/say.mjs';

const flowtap = join(rootDirectory, 'examples/agent/bin/flowtap.js');
const recording = join(rootDirectory, 'examples/agent/fixtures/demo.flowlog');

await runMain(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-demo-'));
  const server = await startHttpsServer(directory);
  try {
    mkdirSync(dirname(recording), { recursive: true });
    rmSync(recording, { force: true });
    const flows = await attachToServer(flowtap, server, directory, ['--record', recording]);
    chmodSync(recording, 0o644);
    say(`recorded ${flows} flows in ${recording}`);
  } finally {
    server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
