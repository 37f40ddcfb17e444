// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const TAIL_CHARACTERS = 4000;
const POLL_MS = 10;
const FIND_TIMEOUT_MS = 10_000;

/** Runs a command to its end and gives its standard output. */
export async function runCommand(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { timeout: timeoutMs, maxBuffer: 1 << 24, env });
  return stdout;
}

/** Path of a command, those of servers in sbin included. */
export async function findCommand(name: string): Promise<string> {
  const found = await runCommand('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin" command -v ${name}`], FIND_TIMEOUT_MS);
  return found.trim();
}

/** A process that this benchmark started, with the end of what it said. */
export class Child {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  #output = '';
  #ended = false;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.name = command.replace(/^.*\//, '');
    this.#process = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const listen = (chunk: string) => {
      this.#output = (this.#output + chunk).slice(-TAIL_CHARACTERS);
    };
    this.#process.stdout?.setEncoding('utf8').on('data', listen);
    this.#process.stderr?.setEncoding('utf8').on('data', listen);
    this.exited = new Promise((resolve) => {
      const end = () => {
        this.#ended = true;
        resolve();
      };
      this.#process.once('exit', end);
      this.#process.once('error', (error) => {
        listen(error.message);
        end();
      });
    });
    this.pid = this.#process.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  /** @throws Error with what the process said, when it ends or the time is over before the condition holds. */
  async until(what: string, timeoutMs: number, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await condition())) {
      if (this.#ended) throw new Error(`${this.name} ended before ${what}: ${this.#output.trim()}`);
      if (performance.now() > deadline) throw new Error(`${this.name}: ${what} took too long: ${this.#output.trim()}`);
      await sleep(POLL_MS);
    }
  }

  /** Asks it to end, and ends it when it does not. @throws Error when it had to be killed. */
  async stop(signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
    if (this.#ended) return;
    this.#process.kill(signal);
    await Promise.race([this.exited, sleep(timeoutMs, undefined, { ref: false })]);
    if (this.#ended) return;
    this.#process.kill('SIGKILL');
    await this.exited;
    throw new Error(`${this.name} did not end within ${timeoutMs} ms: ${this.#output.trim()}`);
  }
}
