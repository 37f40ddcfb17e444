// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type Ended, Program, type ProgramOptions } from './program.js';

/** What one test has set up: a directory and programs. All of it is gone afterwards, also when the test fails. */
export class Scene {
  #directory: string | undefined;
  readonly #programs: Program[] = [];
  readonly #cleanups: (() => void | Promise<void>)[] = [];
  readonly #killPrograms = (): void => {
    for (const program of this.#programs) program.kill();
  };

  get directory(): string {
    if (this.#directory === undefined) throw new Error('there is a scene during a test only');
    return this.#directory;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Starts a program that ends with the test at the latest. */
  async start(command: string, args: readonly string[] = [], options: ProgramOptions = {}): Promise<Program> {
    const program = await Program.start(command, args, { cwd: this.directory, ...options });
    this.#programs.push(program);
    return program;
  }

  /** Runs a program to its end. Its stdin is empty unless `input` is given. */
  async run(command: string, args: readonly string[] = [], options: ProgramOptions = {}): Promise<Ended> {
    const program = await this.start(command, args, { input: '', ...options });
    return program.ended;
  }

  /** Registers what must be undone after the programs have ended; last in, first out. */
  onClose(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  open(): void {
    this.#directory = mkdtempSync(join(tmpdir(), 'flowtap-live-'));
    // Some programs of a test run as another user.
    chmodSync(this.#directory, 0o755);
    process.once('exit', this.#killPrograms);
  }

  async close(): Promise<void> {
    this.#killPrograms();
    await Promise.all(this.#programs.map(({ ended }) => ended));
    this.#programs.length = 0;
    process.off('exit', this.#killPrograms);
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
    rmSync(this.directory, { recursive: true, force: true });
    this.#directory = undefined;
  }
}

/** A fresh scene for each test of the file. */
export function useScene(): Scene {
  const scene = new Scene();
  beforeEach(() => scene.open());
  afterEach(() => scene.close());
  return scene;
}
