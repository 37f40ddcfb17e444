// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RunResult } from './contender.js';
import type { Protocol } from './contenders.js';
import type { Corpus } from './corpus.js';

export type Order =
  | { readonly name: string; readonly protocol: Protocol; readonly corpus: Corpus }
  | { readonly forMs: number };

export type Answer = { readonly result: RunResult } | { readonly secondsPerRun: number } | { readonly error: string };

/** From bench/dist/, where the benchmark is bundled to. */
const MAIN = fileURLToPath(new URL('./contender.mjs', import.meta.url));

/**
 * Runs one contender in a process of its own, as a program that uses it would: what V8 has learnt from the others, and
 * their garbage, are not its.
 */
export class ContenderProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(name: string) {
    this.name = name;
    this.#child = fork(MAIN, { serialization: 'advanced' });
    this.#ended = once(this.#child, 'exit').then(() => {
      throw new Error(`the process of ${name} ended`);
    });
    // It ends in the end; only who waits for an answer is to be told.
    this.#ended.catch(() => {});
  }

  /** Reads the corpus once. */
  async prepare(protocol: Protocol, corpus: Corpus): Promise<RunResult> {
    const answer = await this.#ask({ name: this.name, protocol, corpus });
    if (!('result' in answer)) throw new Error(`${this.name} gave no result`);
    return answer.result;
  }

  /** Reads the corpus again and again, for at least so long. */
  async secondsPerRun(forMs: number): Promise<number> {
    const answer = await this.#ask({ forMs });
    if (!('secondsPerRun' in answer)) throw new Error(`${this.name} gave no time`);
    return answer.secondsPerRun;
  }

  stop(): void {
    this.#child.kill();
  }

  async #ask(order: Order): Promise<Answer> {
    this.#child.send(order);
    const [answer] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [Answer];
    if ('error' in answer) throw new Error(`${this.name}: ${answer.error}`);
    return answer;
  }
}
