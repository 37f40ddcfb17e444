// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { BpfSourceOptions } from '../../src/index.js';
import type { Answer, ChildEnd, OrderKind, RunningTarget, SentData, SentEvent } from './recorder-messages.js';
import { until } from './until.js';
import type { Workshop } from './workshop.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A capture in a process of its own, so that a crash is a failed test. Ends with the test. */
export class Recorder {
  readonly events: SentEvent[] = [];
  readonly ended: ChildEnd[] = [];
  readonly sourceErrors: string[] = [];
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (answer: Answer) => this.#take(answer));
    process.on('exit', (code, signal) => {
      const error = new Error(`the recorder ended with ${signal ?? code}`);
      for (const { reject } of this.#waiting.values()) reject(error);
    });
  }

  static async start(
    workshop: Workshop,
    options: BpfSourceOptions = {},
    program: 'recorder.ts' | 'older-recorder.ts' = 'recorder.ts',
  ): Promise<Recorder> {
    const process = fork(workshop.program(program), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const recorder = new Recorder(process);
    onTestFinished(async () => {
      if (process.exitCode !== null || process.signalCode !== null) return;
      process.disconnect();
      await once(process, 'exit');
    });
    await recorder.#order({ do: 'start', options });
    return recorder;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get data(): SentData[] {
    return this.events.filter((event) => event.type === 'data');
  }

  add(target: RunningTarget): Promise<{ readonly pids: readonly number[]; readonly handle: number }> {
    return this.#order({ do: 'add', target }) as Promise<{ pids: number[]; handle: number }>;
  }

  async remove(handle: number): Promise<void> {
    await this.#order({ do: 'remove', handle });
  }

  spawn(command: string, ...args: readonly string[]): Promise<number> {
    return this.#order({ do: 'spawn', command, args }) as Promise<number>;
  }

  /** Runs a captured command to its end; its exit status must be 0. */
  async run(command: string, ...args: readonly string[]): Promise<number> {
    const pid = await this.spawn(command, ...args);
    await this.exit(pid);
    return pid;
  }

  async exit(pid: number): Promise<void> {
    const end = await until(`process ${pid} ends`, () => this.ended.find((other) => other.pid === pid));
    if (end.code !== 0) throw new Error(`process ${pid} ended with ${end.signal ?? end.code}`);
  }

  async block(milliseconds: number): Promise<void> {
    await this.#order({ do: 'block', milliseconds });
  }

  counters(): Promise<Readonly<Record<string, number>>> {
    return this.#order({ do: 'counters' }) as Promise<Readonly<Record<string, number>>>;
  }

  /** Paths of the files whose TLS functions are probed. */
  libraries(): Promise<readonly string[]> {
    return this.#order({ do: 'libraries' }) as Promise<readonly string[]>;
  }

  giveWay(): Promise<boolean> {
    return this.#order({ do: 'give-way' }) as Promise<boolean>;
  }

  /** How long it took, in milliseconds. */
  yieldProcessor(times: number): Promise<number> {
    return this.#order({ do: 'yield', times }) as Promise<number>;
  }

  /** Everything that was captured has arrived when it resolves. */
  async stop(): Promise<readonly SentEvent[]> {
    await this.#order({ do: 'stop' });
    return this.events;
  }

  #order(order: OrderKind): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, ...order });
    });
  }

  #take(answer: Answer): void {
    if ('event' in answer) this.events.push(answer.event);
    else if ('exited' in answer) this.ended.push(answer.exited);
    else if ('sourceError' in answer) this.sourceErrors.push(answer.sourceError);
    else {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('error' in answer)
        waiting?.reject(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
      else waiting?.resolve(answer.value);
    }
  }
}
