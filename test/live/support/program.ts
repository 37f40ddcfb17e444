// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { patient, until } from './until.js';

export interface Ended {
  /** As a shell shows it: 128+n when signal n ended the program. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type ProgramOptions = Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> & { readonly input?: string };

const STOP_TIMEOUT_MS = 10_000;

/** Nothing of the machine's own settings (proxies, locales, start-up files) reaches the programs. */
export const cleanEnvironment: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  PYTHONDONTWRITEBYTECODE: '1',
};

/** A program with its output so far. It leads a process group of its own, so that its children end with it. */
export class Program {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #name: string;
  #stdout = '';
  #stderr = '';
  #end: Ended | undefined;

  private constructor(child: ChildProcess, pid: number, name: string) {
    this.#child = child;
    this.#name = name;
    this.pid = pid;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    // A program that does not read its input to the end is its own business.
    child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        const status = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
        this.#end = { status, stdout: this.#stdout, stderr: this.#stderr };
        resolve(this.#end);
      });
    });
  }

  static async start(command: string, args: readonly string[], options: ProgramOptions): Promise<Program> {
    const { input, ...spawnOptions } = options;
    const child = spawn(command, args, { env: cleanEnvironment, ...spawnOptions, detached: true, stdio: 'pipe' });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    if (child.pid === undefined) throw new Error(`${command} has no process id`);
    if (input !== undefined) child.stdin.end(input);
    return new Program(child, child.pid, [command, ...args].join(' '));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  /** Goes away as a reader, as `head` does when it has enough. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  /** Line number `index` of stdout, once it is complete. */
  line(index = 0): Promise<string> {
    return this.#outputUntil(`${this.#name} has printed line ${index + 1}`, () => {
      const lines = this.#stdout.split('\n');
      return index < lines.length - 1 ? lines[index] : undefined;
    });
  }

  /** Resolves when stderr contains the text. */
  async says(text: string): Promise<void> {
    await this.#outputUntil(`${this.#name} says "${text}"`, () => this.#stderr.includes(text));
  }

  /** Resolves when stdout matches. */
  async printed(pattern: RegExp): Promise<void> {
    await this.#outputUntil(`${this.#name} prints ${pattern}`, () => pattern.test(this.#stdout));
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) process.kill(this.pid, signal);
  }

  /** Sends the signal and waits for the end. @throws Error when the program stays, with its output. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.signal(signal);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const message = `${this.#name} did not end on ${signal}:\n${this.#stdout}${this.#stderr}`;
      timer = setTimeout(() => reject(new Error(message)), patient(STOP_TIMEOUT_MS));
    });
    try {
      return await Promise.race([this.ended, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the program and what it left behind in its process group, at once. */
  kill(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Nothing of the group is left.
    }
    this.#child.stdin?.destroy();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  async #outputUntil<T>(what: string, read: () => T | false | undefined): Promise<T> {
    return until(what, () => {
      const value = read();
      if ((value === undefined || value === false) && !this.isRunning) {
        throw new Error(`${this.#name} ended before:\n${this.#stdout}${this.#stderr}`);
      }
      return value;
    });
  }
}
