// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../../live/support/certificate.js';
import { cliPath } from '../../live/support/flowtap.js';
import { cleanEnvironment, Program } from '../../live/support/program.js';

const SERVER = fileURLToPath(new URL('./example-server.mjs', import.meta.url));
/** Answered in here by a server of our own. */
const SITE = 'example.org';
/** In a network namespace of its own, with another list of hosts. */
const ENTER = `ip link set lo up && mount --bind "$1" /etc/hosts && shift && exec "$@"`;

/**
 * A network that has example.org and nothing else, in which commands run as the documents give them: as root, with
 * `flowtap` in PATH, and with a `sudo` that has nothing to do.
 */
export class World {
  readonly env: NodeJS.ProcessEnv;
  readonly #server: Program;
  readonly #programs: Program[] = [];

  private constructor(server: Program, env: NodeJS.ProcessEnv) {
    this.#server = server;
    this.env = env;
  }

  static async start(directory: string, env: NodeJS.ProcessEnv): Promise<World> {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    symlinkSync(cliPath, join(bin, 'flowtap'));
    writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n');
    chmodSync(join(bin, 'sudo'), 0o755);
    const hosts = join(directory, 'hosts');
    writeFileSync(hosts, `127.0.0.1 localhost ${SITE}\n::1 localhost\n`);
    const { file, key } = makeCertificate(directory, [`DNS:${SITE}`]);
    const command = ['sh', '-c', ENTER, 'sh', hosts, process.execPath, SERVER, file, key];
    const server = await Program.start('unshare', ['--net', '--mount', ...command], {});
    await server.line();
    return new World(server, {
      ...cleanEnvironment,
      PATH: `${bin}:${dirname(process.execPath)}:${cleanEnvironment['PATH']}`,
      HOME: directory,
      SSL_CERT_FILE: file,
      NODE_EXTRA_CA_CERTS: file,
      ...env,
    });
  }

  /**
   * Runs a command to its end; what it leaves in the background goes on until `clear`.
   *
   * @returns its status, and what it and its background have printed so far.
   */
  async run(cwd: string, ...command: readonly string[]): Promise<{ readonly status: number; readonly output: string }> {
    const log = join(cwd, `output-${this.#programs.length}.log`);
    // Not to a pipe, which the background would keep open.
    const script = 'cd "$1" && exec > "$2" 2>&1 < /dev/null && shift 2 && exec "$@"';
    const namespaces = ['--target', String(this.#server.pid), '--net', '--mount'];
    const args = [...namespaces, 'sh', '-c', script, 'sh', cwd, log, ...command];
    const program = await Program.start('nsenter', args, { env: this.env });
    this.#programs.push(program);
    const { status } = await program.ended;
    return { status, output: readFileSync(log, 'utf8') };
  }

  /** Ends what is left of the commands. */
  clear(): void {
    for (const program of this.#programs) program.kill();
  }

  stop(): void {
    this.clear();
    this.#server.kill();
  }
}
