// SPDX-License-Identifier: Apache-2.0
import type { BindMessage, Named, ParseMessage } from './client-messages.js';
import { MAX_STATEMENT_BYTES, MAX_STATEMENTS } from './constants.js';
import type { Column } from './server-messages.js';

/** Of a value or a column, besides its text. */
const VALUE_BYTES = 48;

/** A statement that was prepared. */
export interface Statement {
  /** Undefined where it was not captured. */
  readonly name: string | undefined;
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

interface Entry<T> {
  readonly value: T;
  readonly bytes: number;
}

/** Values by name, the ones used last: as many, and as much of them, as there is room for. */
class RecentlyUsed<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #forgotten: () => void;
  #bytes = 0;

  constructor(forgotten: () => void) {
    this.#forgotten = forgotten;
  }

  get(name: string): T | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    // The last one in the map is the one that was used last.
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.value;
  }

  set(name: string, value: T, bytes: number): void {
    this.delete(name);
    this.#entries.set(name, { value, bytes });
    this.#bytes += bytes;
    while (this.#entries.size > MAX_STATEMENTS || (this.#bytes > MAX_STATEMENT_BYTES && this.#entries.size > 1)) {
      const [oldest = ''] = this.#entries.keys();
      this.delete(oldest);
      this.#forgotten();
    }
  }

  has(name: string, value: T): boolean {
    return this.#entries.get(name)?.value === value;
  }

  delete(name: string): void {
    this.#bytes -= this.#entries.get(name)?.bytes ?? 0;
    this.#entries.delete(name);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}

/** What the client has prepared and bound, by name. */
export class Statements {
  readonly #statements: RecentlyUsed<Statement>;
  readonly #portals: RecentlyUsed<Portal>;

  constructor(forgotten: () => void) {
    this.#statements = new RecentlyUsed(forgotten);
    this.#portals = new RecentlyUsed(forgotten);
  }

  prepare({ name, sql, sqlTruncated, parameterOids }: ParseMessage): Statement {
    const statement: Statement = { name, sql, sqlTruncated, parameterOids, columns: undefined };
    if (name === undefined) this.#statements.delete('');
    else this.#statements.set(name, statement, sizeOf(statement));
    return statement;
  }

  /** One that is not known was prepared before the capture. */
  statement(name: string | undefined): Statement {
    const known = name === undefined ? undefined : this.#statements.get(name);
    if (known !== undefined) return known;
    const unknown: Statement = { name, sqlTruncated: false, parameterOids: [], columns: undefined };
    if (name !== undefined) this.#statements.set(name, unknown, sizeOf(unknown));
    return unknown;
  }

  /** What the server said of it; both are absent where it said nothing. */
  describe(
    statement: Statement,
    { parameterOids, columns }: Partial<Pick<Statement, 'parameterOids' | 'columns'>>,
  ): void {
    if (parameterOids !== undefined) statement.parameterOids = parameterOids;
    if (columns !== undefined) statement.columns = columns;
    const { name } = statement;
    if (name !== undefined && this.#statements.has(name, statement))
      this.#statements.set(name, statement, sizeOf(statement));
  }

  bind(name: string | undefined, portal: Portal): void {
    if (name === undefined) {
      // It may be any of them.
      this.#portals.clear();
      return;
    }
    const values = portal.bind?.values ?? [];
    this.#portals.set(
      name,
      portal,
      values.reduce((sum, value) => sum + VALUE_BYTES + (value?.length ?? 0), 0),
    );
  }

  /** One that is not known was bound before the capture, or by SQL (DECLARE). */
  portal(name: string | undefined): Portal | undefined {
    return name === undefined ? undefined : this.#portals.get(name);
  }

  close({ isStatement, name }: Named): void {
    if (name !== undefined) (isStatement ? this.#statements : this.#portals).delete(name);
  }

  /** What is bound or prepared without a name may be another one by now. */
  forgetUnnamed(): void {
    this.#portals.clear();
    this.#statements.delete('');
  }

  /** A statement that the server refused is none, unless another one has its name by now. */
  refused(statement: Statement): void {
    const { name } = statement;
    if (name !== undefined && this.#statements.has(name, statement)) this.#statements.delete(name);
  }
}

/** About what it holds. */
function sizeOf({ name = '', sql = '', parameterOids, columns = [] }: Statement): number {
  const names = columns.reduce((sum, column) => sum + VALUE_BYTES + column.name.length, 0);
  return name.length + sql.length + parameterOids.length * 8 + names;
}
