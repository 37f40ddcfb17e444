// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { cleanEnvironment, type Program } from './program.js';
import type { Scene } from './scene.js';
import { patient, until } from './until.js';

/** Nothing but the page: no sandbox (root has none), no services of the browser's maker. */
const OPTIONS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

const START_TIMEOUT_MS = 60_000;

/** Starts Chromium with a profile of its own. */
export function startChromium(scene: Scene, args: readonly string[]): Promise<Program> {
  const profile = `--user-data-dir=${profileOf(scene)}`;
  const env = { ...cleanEnvironment, HOME: scene.directory };
  return scene.start('chromium', [...OPTIONS, profile, ...args], { input: '', env });
}

function profileOf(scene: Scene): string {
  return scene.path('profile');
}

/** Runs code in the developer tools that this Chromium has built in, and resolves with its result. */
export async function evaluateInDevTools(scene: Scene, expression: string): Promise<unknown> {
  await startChromium(scene, ['--remote-debugging-port=0', '--remote-allow-origins=*', 'about:blank']);
  const portFile = join(profileOf(scene), 'DevToolsActivePort');
  const port = await until(
    'Chromium listens',
    // The file is there before what is written to it.
    () => existsSync(portFile) && /^(\d+)\n/.exec(readFileSync(portFile, 'utf8'))?.[1],
    patient(START_TIMEOUT_MS),
  );
  // A page of the same origin as the modules of the developer tools, and with no code of its own.
  const page = `http://127.0.0.1:${port}/devtools/models/har/har.js`;
  const answer = await fetch(`http://127.0.0.1:${port}/json/new?${page}`, { method: 'PUT' });
  const { webSocketDebuggerUrl } = (await answer.json()) as { readonly webSocketDebuggerUrl: string };
  const socket = new WebSocket(webSocketDebuggerUrl, { perMessageDeflate: false });
  try {
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    await until('the page is there', async () => (await evaluate(socket, 'location.href')) === page);
    return await evaluate(socket, expression);
  } finally {
    socket.close();
  }
}

async function evaluate(socket: WebSocket, expression: string): Promise<unknown> {
  const params = { expression, awaitPromise: true, returnByValue: true };
  const answer = new Promise<Buffer>((resolve, reject) => socket.once('message', resolve).once('error', reject));
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
  const { result } = JSON.parse((await answer).toString()) as {
    readonly result: { readonly result: { readonly value?: unknown }; readonly exceptionDetails?: object };
  };
  if (result.exceptionDetails !== undefined) throw new Error(JSON.stringify(result.exceptionDetails));
  return result.result.value;
}
