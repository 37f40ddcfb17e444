// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScriptError, say } from '../lib/say.mjs';
import { countDecryptedFlows } from './flows.mjs';
import { startHttpsServer } from './https-server.mjs';

const readyTimeoutMs = 30_000;
const endTimeoutMs = 15_000;

/** Captures an HTTPS server that is already running and a client from its start. Returns the number of decrypted flows. */
export async function demonstrateLive(flowtap, directory) {
  const server = await startHttpsServer(directory);
  try {
    const ofServer = await attachToServer(flowtap, server, directory);
    const ofClient = runClient(flowtap, server, directory);
    return ofServer + ofClient;
  } finally {
    server.stop();
  }
}

/** Captures a server that is already running; `moreOptions` go to `flowtap attach`. Returns the number of flows. */
export async function attachToServer(flowtap, server, directory, moreOptions = []) {
  const file = join(directory, 'server.jsonl');
  const readyFile = join(directory, 'ready');
  const outputs = ['--output', 'stdout', '--output', `jsonl:${file}`, '--ready-file', readyFile];
  const args = ['attach', '--pid', String(server.pid), ...outputs, ...moreOptions];
  say(`flowtap ${args.slice(0, 3).join(' ')}   (a Python HTTPS server that is already running)`);
  const agent = spawn(process.execPath, [flowtap, ...args], { stdio: 'inherit' });
  const ended = new Promise((resolve) => agent.once('exit', (code, signal) => resolve(code ?? signal)));
  try {
    await until(() => existsSync(readyFile), ended, readyTimeoutMs, 'flowtap attach was not ready in time.');
    const url = `https://localhost:${server.port}/hello?name=flowtap`;
    curl([url]);
    curl(['-d', 'name=you', `https://localhost:${server.port}/hello`]);
    await until(
      () => countDecryptedFlows(file) >= 2,
      ended,
      endTimeoutMs,
      'the requests did not appear as flows in time.',
    );
  } finally {
    agent.kill('SIGINT');
    await Promise.race([ended, sleep(endTimeoutMs, undefined, { ref: false })]);
    agent.kill('SIGKILL');
  }
  return countDecryptedFlows(file);
}

function runClient(flowtap, server, directory) {
  const file = join(directory, 'client.jsonl');
  const command = ['curl', '-sk', `https://localhost:${server.port}/hello?name=client`];
  say(`flowtap run -- ${command.join(' ')}   (a client from its first byte on)`);
  const args = ['run', '--output', 'stdout', '--output', `jsonl:${file}`, '--', ...command];
  const { status } = spawnSync(process.execPath, [flowtap, ...args], { stdio: 'inherit', timeout: readyTimeoutMs });
  if (status !== 0) throw new ScriptError(`flowtap run ended with status ${status}.`);
  return countDecryptedFlows(file);
}

function curl(args) {
  const { status, stderr } = spawnSync('curl', ['-sSk', '--max-time', '10', '-o', '/dev/null', ...args]);
  if (status !== 0) throw new ScriptError(`curl ended with status ${status}: ${stderr}`);
}

async function until(condition, agentEnded, timeoutMs, message) {
  const deadline = performance.now() + timeoutMs;
  let end;
  agentEnded.then((status) => {
    end = status;
  });
  while (!condition()) {
    if (end !== undefined) throw new ScriptError(`flowtap attach ended early, with status ${end}.`);
    if (performance.now() > deadline) throw new ScriptError(message);
    await sleep(20);
  }
}
