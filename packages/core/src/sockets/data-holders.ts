// SPDX-License-Identifier: Apache-2.0
import type { DataEvent } from '../events.js';

/** A process that read or wrote on a connection, from `sinceNs` on. */
export interface DataHolder {
  readonly sinceNs: number;
  readonly pid: number;
  readonly comm: string;
  readonly isMainThread: boolean;
}

/** Enough for requests that are still under way; a connection seldom changes hands at all. */
const MAX_HOLDERS = 8;

/**
 * Who did the data of a connection, and since when: a parent may accept and its child serve, or a connection may be
 * passed on between two requests.
 */
export class DataHolders {
  readonly #holders: DataHolder[] = [];
  #currentPid = -1;

  note(event: DataEvent): void {
    if (event.pid === this.#currentPid) return;
    this.#currentPid = event.pid;
    const { timestampNs: sinceNs, pid, tid, comm } = event;
    this.#holders.push({ sinceNs, pid, comm, isMainThread: tid === pid });
    if (this.#holders.length > MAX_HOLDERS) this.#holders.shift();
  }

  at(timestampNs: number): DataHolder | undefined {
    // Asked for each flow, and nearly always answered by the newest: a call of a function for each would cost more.
    for (let i = this.#holders.length - 1; i > 0; i--) {
      const holder = this.#holders[i];
      if (holder !== undefined && holder.sinceNs <= timestampNs) return holder;
    }
    return this.#holders[0];
  }
}
