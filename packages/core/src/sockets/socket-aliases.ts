// SPDX-License-Identifier: Apache-2.0
import type { Connection, SocketEvent } from './connection.js';

/** File descriptors fit in 31 bits and process ids in 22, so both together are an exact double. */
const PID_FACTOR = 2 ** 31;

/**
 * (pid, fd) → connection. The pair is only an alias: a descriptor is reused as soon as it is closed, so the latest
 * event decides whose it is, and the end of a connection removes the aliases that still are its own.
 */
export class SocketAliases {
  readonly #connections = new Map<number, Connection>();
  readonly #keys = new Map<Connection, Set<number>>();

  /** Called for every event; does something only when the connection shows up under another alias than last time. */
  note(connection: Connection, event: SocketEvent): void {
    const { pid, fd } = event;
    if (connection.aliasPid === pid && connection.aliasFd === fd) return;
    if (fd < 0) return;
    connection.aliasPid = pid;
    connection.aliasFd = fd;
    const key = pid * PID_FACTOR + fd;
    const before = this.#connections.get(key);
    if (before === connection) return;
    if (before !== undefined) this.#forget(before, key);
    this.#connections.set(key, connection);
    const keys = this.#keys.get(connection);
    if (keys === undefined) this.#keys.set(connection, new Set([key]));
    else keys.add(key);
  }

  find(pid: number, fd: number): Connection | undefined {
    return this.#connections.get(pid * PID_FACTOR + fd);
  }

  remove(connection: Connection): void {
    for (const key of this.#keys.get(connection) ?? []) this.#connections.delete(key);
    this.#keys.delete(connection);
  }

  #forget(connection: Connection, key: number): void {
    this.#keys.get(connection)?.delete(key);
    // Should it come back under this alias, that is news again.
    connection.aliasPid = -1;
    connection.aliasFd = -1;
  }
}
