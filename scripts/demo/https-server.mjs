// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScriptError } from '../lib/say.mjs';

const program = fileURLToPath(new URL('https_server.py', import.meta.url));

/** Starts a Python HTTPS server with a certificate of its own in `directory`. */
export async function startHttpsServer(directory) {
  const certificate = join(directory, 'certificate.pem');
  const key = join(directory, 'key.pem');
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
  ]);
  if (made.status !== 0) throw new ScriptError(`openssl could not make a certificate: ${made.stderr ?? made.error}`);

  const server = spawn('python3', [program, certificate, key], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new ScriptError(`the Python server ended with status ${code}.`)));
    server.stdout.setEncoding('utf8').once('data', (text) => resolve(Number(text)));
  });
  return { port, pid: server.pid, stop: () => server.kill() };
}
