// SPDX-License-Identifier: Apache-2.0
import type { BindMessage, ParseMessage } from './client-messages.js';
import { MAX_STATEMENT_BYTES, MAX_STATEMENTS } from './constants.js';
import type { Column } from './server-messages.js';

/** A statement that was prepared. */
export interface Statement {
  readonly name: string;
  /** Absent where it was prepared before the capture. */
  readonly sql?: string;
  readonly sqlTruncated: boolean;
  parameterOids: readonly number[];
  columns: readonly Column[] | undefined;
}

/** A statement with its parameters. */
export interface Portal {
  readonly statement: Statement;
  readonly bind: BindMessage | undefined;
  columns: readonly Column[] | undefined;
}

/** What the client has prepared and bound, by name: the most recent ones. */
export class Statements {
  readonly #statements = new Map<string, Statement>();
  readonly #portals = new Map<string, Portal>();
  readonly #forgotten: () => void;
  #bytes = 0;

  constructor(forgotten: () => void) {
    this.#forgotten = forgotten;
  }

  prepare({ name, sql, sqlTruncated, parameterOids }: ParseMessage): Statement {
    const statement: Statement = { name, sql, sqlTruncated, parameterOids, columns: undefined };
    this.#add(statement);
    return statement;
  }

  /** One that is not known was prepared before the capture. */
  statement(name: string): Statement {
    const known = this.#statements.get(name);
    if (known !== undefined) {
      // The last one in the map is the one that was used last.
      this.#statements.delete(name);
      this.#statements.set(name, known);
      return known;
    }
    const unknown: Statement = { name, sqlTruncated: false, parameterOids: [], columns: undefined };
    this.#add(unknown);
    return unknown;
  }

  bind(name: string, portal: Portal): void {
    this.#portals.delete(name);
    this.#portals.set(name, portal);
    if (this.#portals.size > MAX_STATEMENTS) removeFirst(this.#portals);
  }

  /** One that is not known was bound before the capture, or by SQL (DECLARE). */
  portal(name: string): Portal | undefined {
    return this.#portals.get(name);
  }

  close(isStatement: boolean, name: string): void {
    if (isStatement) this.#delete(name);
    else this.#portals.delete(name);
  }

  /** A statement that the server refused is none, unless another one has its name by now. */
  refused(statement: Statement): void {
    if (this.#statements.get(statement.name) === statement) this.#delete(statement.name);
  }

  #add(statement: Statement): void {
    this.#delete(statement.name);
    this.#statements.set(statement.name, statement);
    this.#bytes += sizeOf(statement);
    while (this.#statements.size > MAX_STATEMENTS || (this.#bytes > MAX_STATEMENT_BYTES && this.#statements.size > 1)) {
      const [oldest = ''] = this.#statements.keys();
      this.#delete(oldest);
      this.#forgotten();
    }
  }

  #delete(name: string): void {
    const statement = this.#statements.get(name);
    if (statement === undefined) return;
    this.#bytes -= sizeOf(statement);
    this.#statements.delete(name);
  }
}

function sizeOf({ name, sql }: Statement): number {
  return name.length + (sql?.length ?? 0);
}

function removeFirst(map: Map<string, unknown>): void {
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}
