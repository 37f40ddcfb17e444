// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Flow, parseJsonLines, readJsonLines } from './flow.js';
import type { Ended, Program, ProgramOptions } from './program.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

/** The built command. FLOWTAP_CLI names another build of it, such as an installed package. */
export const cliPath =
  process.env['FLOWTAP_CLI'] ?? fileURLToPath(new URL('../../../examples/agent/dist/cli.js', import.meta.url));

/** The counters of --stats that tests look at. */
export interface Stats {
  readonly flows: number;
  readonly filteredFlows: number;
  readonly events: number;
  readonly droppedEvents: number;
  readonly droppedBytes: number;
  readonly gaps: number;
  readonly gapBytes: number;
  readonly connections: number;
  readonly opaqueConnections: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly exporters: readonly {
    readonly name: string;
    readonly exported: number;
    readonly failed: number;
    readonly dropped: number;
    readonly queued: number;
  }[];
}

export interface CaptureEnd extends Ended {
  readonly flows: readonly Flow[];
  readonly stats: Stats;
}

/** A running `flowtap attach` or `flowtap run` with its flows in a file of JSON lines. */
export class Capture {
  readonly program: Program;
  readonly #scene: Scene;
  readonly #name: string;

  constructor(program: Program, scene: Scene, name: string) {
    this.program = program;
    this.#scene = scene;
    this.#name = name;
  }

  /** Flows so far. */
  flows(): readonly Flow[] {
    return readJsonLines(this.#scene.path(`${this.#name}.jsonl`));
  }

  /** Resolves when there are at least so many flows. */
  async flowCount(count: number): Promise<readonly Flow[]> {
    try {
      return await until(`there are ${count} flows`, () => {
        const flows = this.flows();
        return flows.length >= count && flows;
      });
    } catch (error) {
      const targets = this.flows().map((flow) => flow.request?.target ?? flow.kind);
      throw new Error(`${(error as Error).message}; there are: ${targets.join(' ')}\n${this.program.stderr}`);
    }
  }

  async ready(): Promise<this> {
    const file = this.#scene.path(`${this.#name}.ready`);
    await until('flowtap is ready', () => {
      if (!this.program.isRunning) throw new Error(`flowtap ended early: ${this.program.stderr}`);
      return existsSync(file);
    });
    return this;
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<CaptureEnd> {
    return this.#result(await this.program.stop(signal));
  }

  async end(): Promise<CaptureEnd> {
    return this.#result(await this.program.ended);
  }

  #result(ended: Ended): CaptureEnd {
    const file = this.#scene.path(`${this.#name}.stats`);
    if (!existsSync(file)) throw new Error(`flowtap wrote no --stats, status ${ended.status}: ${ended.stderr}`);
    return { ...ended, flows: this.flows(), stats: JSON.parse(readFileSync(file, 'utf8')) as Stats };
  }
}

/** FLOWTAP_TEST_BACKEND: the back end that is tested, where a test does not name one itself. */
function withBackend(args: readonly string[]): readonly string[] {
  const backend = process.env['FLOWTAP_TEST_BACKEND'];
  const [command, ...others] = args;
  const captures = command === 'run' || command === 'attach';
  if (backend === undefined || !captures || args.includes('--backend')) return args;
  return [command, '--backend', backend, ...others];
}

/** Starts the command as a user would. */
export function startFlowtap(scene: Scene, args: readonly string[], options: ProgramOptions = {}): Promise<Program> {
  return scene.start(process.execPath, [cliPath, ...withBackend(args)], options);
}

/** Runs the command to its end. */
export async function flowtap(scene: Scene, args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return (await startFlowtap(scene, args, { input: '', ...options })).ended;
}

let captures = 0;

function captureOptions(scene: Scene, name: string): readonly string[] {
  const [flows, stats, ready] = ['jsonl', 'stats', 'ready'].map((suffix) => scene.path(`${name}.${suffix}`));
  return ['--output', `jsonl:${flows}`, '--stats', `${stats}`, '--ready-file', `${ready}`];
}

/** `flowtap attach`, attached. */
export function attach(scene: Scene, targetOptions: readonly (string | number)[]): Promise<Capture> {
  return startCapturing(scene, 'attach', targetOptions.map(String));
}

/**
 * `flowtap agent`, attached.
 *
 * @param launcher command that starts flowtap, such as setpriv with its options
 */
export function startAgent(scene: Scene, options: readonly string[], launcher?: readonly string[]): Promise<Capture> {
  return startCapturing(scene, 'agent', options, launcher);
}

async function startCapturing(
  scene: Scene,
  command: string,
  options: readonly string[],
  launcher: readonly string[] = [],
): Promise<Capture> {
  captures += 1;
  const name = `${command}-${captures}`;
  const words = [...launcher, process.execPath, cliPath, command, ...captureOptions(scene, name), ...options];
  const [program = process.execPath, ...args] = words;
  return new Capture(await scene.start(program, args), scene, name).ready();
}

/** `flowtap run` with a command, started. */
export async function startRun(
  scene: Scene,
  command: readonly string[],
  options: readonly string[] = [],
  programOptions: ProgramOptions = {},
): Promise<Capture> {
  captures += 1;
  const name = `run-${captures}`;
  const args = ['run', ...captureOptions(scene, name), ...options, '--', ...command];
  return new Capture(await startFlowtap(scene, args, programOptions), scene, name);
}

/** `flowtap run` to its end. */
export async function run(scene: Scene, command: readonly string[], options: readonly string[] = []) {
  return (await startRun(scene, command, options, { input: '' })).end();
}

/** `flowtap replay`, with the flows from stdout. */
export async function replay(scene: Scene, args: readonly string[]): Promise<Ended & { flows: readonly Flow[] }> {
  const ended = await flowtap(scene, ['replay', '--output', 'json', ...args]);
  return { ...ended, flows: parseJsonLines(ended.stdout) };
}
