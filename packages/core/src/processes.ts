// SPDX-License-Identifier: Apache-2.0
import type { ProcessEvent } from './events.js';
import type { FlowProcess } from './flow.js';

/** More than a host has; only a lost exit event leaves an entry behind. */
const MAX_RUNNING = 32_768;
/** Flows of a process are often finished after its exit: its entry stays until this many others have exited. */
const MAX_EXITED = 1024;

/** Name and executable of the observed processes, by process id. */
export class Processes {
  readonly #running = new Map<number, FlowProcess>();
  readonly #exited = new Map<number, FlowProcess>();

  apply(event: ProcessEvent): void {
    const { pid } = event;
    const known = this.#running.get(pid);
    this.#running.delete(pid);
    if (event.action === 'exit') {
      if (known !== undefined) put(this.#exited, pid, known, MAX_EXITED);
      return;
    }
    this.#exited.delete(pid);
    const { comm, exe } = event;
    put(this.#running, pid, exe === undefined ? { pid, comm } : { pid, comm, exe }, MAX_RUNNING);
  }

  /**
   * `comm` and `isMainThread` are those of the thread that did the data. A worker thread may have a name of its own,
   * so it only counts where the process's name is not known.
   */
  describe(pid: number, comm: string, isMainThread: boolean): FlowProcess {
    const known = this.#running.get(pid) ?? this.#exited.get(pid);
    if (known === undefined) return { pid, comm };
    if (!isMainThread || comm === known.comm || comm === '') return known;
    return { ...known, comm };
  }
}

function put(map: Map<number, FlowProcess>, pid: number, process: FlowProcess, max: number): void {
  map.delete(pid);
  map.set(pid, process);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
