// SPDX-License-Identifier: Apache-2.0
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';
import { getText } from './get-text.js';
import type { LoadedServer } from './loaded-server.js';

const TIMEOUT_MS = 10_000;
/** From bench/dist/, where the benchmark is bundled to. */
const SOURCE = fileURLToPath(new URL('../live/node-server.mjs', import.meta.url));

/** Node.js with node:https, started from a copy of this process's executable: OpenSSL is linked into it. */
export async function startNodeServer(
  directory: string,
  certificate: { readonly file: string; readonly key: string },
): Promise<LoadedServer & { stop(): Promise<void> }> {
  const tlsFile = join(directory, 'node');
  copyFileSync(process.execPath, tlsFile);
  const child = new Child(tlsFile, [SOURCE, certificate.file, certificate.key]);
  await child.until('it listened', TIMEOUT_MS, () => child.output.endsWith('}\n'));
  const { port, status } = JSON.parse(child.output) as { readonly port: number; readonly status: number };
  return {
    workerPid: child.pid,
    tlsFile,
    url: () => `https://127.0.0.1:${port}/`,
    requests: async () => Number(await getText(status, TIMEOUT_MS)),
    stop: () => child.stop('SIGTERM', TIMEOUT_MS),
  };
}
