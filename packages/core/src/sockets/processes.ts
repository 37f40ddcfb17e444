// SPDX-License-Identifier: Apache-2.0
import type { ProcessEvent } from '../events.js';
import type { FlowError, FlowProcess } from '../flow/flow.js';

/** More than a host has; only a lost exit event leaves an entry behind. */
const MAX_RUNNING = 32_768;
/** Flows of a process are often finished after its exit: its entry stays until this many others have exited. */
const MAX_EXITED = 1024;

interface Entry {
  readonly process: FlowProcess;
  readonly tlsBlindSpot: FlowError | undefined;
}

/** What is known of the observed processes, by process id. */
export class Processes {
  readonly #running = new Map<number, Entry>();
  readonly #exited = new Map<number, Entry>();

  apply(event: ProcessEvent): void {
    const { pid } = event;
    const running = this.#running.get(pid);
    this.#running.delete(pid);
    if (event.action === 'exit') {
      if (running !== undefined) put(this.#exited, pid, running, MAX_EXITED);
      return;
    }
    // What is learnt of a process that has ended meanwhile does not bring it back.
    const exited = event.tlsBlindSpot !== undefined && running === undefined ? this.#exited.get(pid) : undefined;
    this.#exited.delete(pid);
    const entry = event.action === 'running' ? merge(event, running ?? exited) : merge(event, undefined);
    if (exited !== undefined) put(this.#exited, pid, entry, MAX_EXITED);
    else put(this.#running, pid, entry, MAX_RUNNING);
  }

  /**
   * `comm` and `isMainThread` are those of the thread that did the data. A worker thread may have a name of its own,
   * so it only counts where the process's name is not known.
   */
  describe(pid: number, comm: string, isMainThread: boolean): FlowProcess {
    const known = this.#find(pid)?.process;
    if (known === undefined) return { pid, comm };
    if (!isMainThread || comm === known.comm || comm === '') return known;
    return { ...known, comm };
  }

  /** Why TLS of this process cannot be read, where something said so. */
  tlsBlindSpot(pid: number): FlowError | undefined {
    return this.#find(pid)?.tlsBlindSpot;
  }

  #find(pid: number): Entry | undefined {
    return this.#running.get(pid) ?? this.#exited.get(pid);
  }
}

/** A process that is ending cannot be read any more: what an event does not tell is as it was known. */
function merge(event: ProcessEvent, known: Entry | undefined): Entry {
  const { pid } = event;
  const comm = event.comm === '' ? (known?.process.comm ?? '') : event.comm;
  const exe = event.exe ?? known?.process.exe;
  const containerId = event.containerId ?? known?.process.containerId;
  return {
    process: {
      ...{ pid, comm },
      ...(exe === undefined ? {} : { exe }),
      ...(containerId === undefined ? {} : { containerId }),
    },
    tlsBlindSpot: event.tlsBlindSpot ?? known?.tlsBlindSpot,
  };
}

function put(map: Map<number, Entry>, pid: number, entry: Entry, max: number): void {
  map.delete(pid);
  map.set(pid, entry);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
