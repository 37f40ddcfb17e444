// SPDX-License-Identifier: Apache-2.0
import type { Connection } from './connection.js';

/**
 * Connections by their last event, oldest first. Linked through the connections themselves, so that the move to the
 * end that every event causes is a few assignments and no allocation.
 */
export class IdleList {
  #oldest: Connection | undefined;
  #newest: Connection | undefined;

  get oldest(): Connection | undefined {
    return this.#oldest;
  }

  /** Adds the connection or moves it to the end. */
  touch(connection: Connection): void {
    if (this.#newest === connection) return;
    this.remove(connection);
    connection.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = connection;
    else this.#newest.newer = connection;
    this.#newest = connection;
  }

  remove(connection: Connection): void {
    const { older, newer } = connection;
    if (older !== undefined) older.newer = newer;
    else if (this.#oldest === connection) this.#oldest = newer;
    if (newer !== undefined) newer.older = older;
    else if (this.#newest === connection) this.#newest = older;
    connection.older = undefined;
    connection.newer = undefined;
  }
}
