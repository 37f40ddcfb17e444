// SPDX-License-Identifier: Apache-2.0
import type { Connection, SocketEvent } from './connection.js';

/**
 * Which processes were seen with which AF_UNIX connection. The kernel tells when a TCP socket ends whoever holds it;
 * of an AF_UNIX one only the closing calls are seen, and a process that exits makes none.
 */
export class UnixHolders {
  readonly #byPid = new Map<number, Set<Connection>>();
  readonly #pids = new Map<Connection, Set<number>>();

  note(connection: Connection, event: SocketEvent): void {
    const pids = this.#pids.get(connection);
    if (pids?.has(event.pid) === true) return;
    if (pids === undefined) this.#pids.set(connection, new Set([event.pid]));
    else pids.add(event.pid);
    const connections = this.#byPid.get(event.pid);
    if (connections === undefined) this.#byPid.set(event.pid, new Set([connection]));
    else connections.add(connection);
  }

  /** Connections that nobody is known to hold any more. */
  exited(pid: number): readonly Connection[] {
    const orphans: Connection[] = [];
    for (const connection of this.#byPid.get(pid) ?? []) {
      const pids = this.#pids.get(connection);
      pids?.delete(pid);
      if (pids?.size === 0) orphans.push(connection);
    }
    this.#byPid.delete(pid);
    return orphans;
  }

  remove(connection: Connection): void {
    for (const pid of this.#pids.get(connection) ?? []) {
      const connections = this.#byPid.get(pid);
      connections?.delete(connection);
      if (connections?.size === 0) this.#byPid.delete(pid);
    }
    this.#pids.delete(connection);
  }
}
