// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Beside this file in bench/dist, where the benchmark is bundled to. */
const PROGRAM = fileURLToPath(new URL('./sink.mjs', import.meta.url));

/** The server that flows are sent to. */
export class SinkProcess {
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.address = `127.0.0.1:${port}`;
  }

  static async start(): Promise<SinkProcess> {
    const child = fork(PROGRAM);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new SinkProcess(child, port);
  }

  /** Flows that have arrived so far. */
  async flows(): Promise<number> {
    this.#child.send('flows');
    const [{ flows }] = (await once(this.#child, 'message')) as [{ flows: number }];
    return flows;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}
