// SPDX-License-Identifier: Apache-2.0
import { BodyCollector } from '@flowtap/core';
import type { Column } from './values/columns.js';
import type { ValueType } from './values/types.js';

/** Prepared statements of a connection that are known at once, and their weight together. */
const MAX_STATEMENTS = 4096;
const MAX_WEIGHT = 16 * 1024 * 1024;
/** Of a column or a parameter; a character of the text weighs 1. */
const COLUMN_WEIGHT = 256;
/** Parameters of a statement that are sent in pieces. */
const MAX_LONG_PARAMETERS = 64;

/** Stands for the statement that was prepared last (MariaDB). */
export const LAST_PREPARED = 0xff_ff_ff_ff;

export interface ParameterType extends ValueType {
  readonly name: string;
}

/** What is known of a prepared statement from its beginning on. */
export interface StatementInit {
  readonly sql: string;
  /** Only the first bytes of the text were kept. */
  readonly isCut: boolean;
  readonly parameterCount: number;
  readonly columnCount: number;
  /** Undefined while the server has not described them. */
  readonly columns: readonly Column[] | undefined;
}

/** A prepared statement. */
export class Statement {
  readonly sql: string;
  readonly isCut: boolean;
  readonly parameterCount: number;
  readonly weight: number;
  /** As the client gave them last. Undefined while it has not, or that may have been missed. */
  types: readonly ParameterType[] | undefined = undefined;
  /** Pieces of parameters, or types, may have been missed since the last execution. */
  isUncertain = false;
  readonly #maxBytes: number;
  #long: Map<number, BodyCollector> | undefined;
  #longBytes = 0;

  readonly #columnCount: number;
  #columns: readonly Column[] | undefined;

  constructor({ sql, isCut, parameterCount, columnCount, columns }: StatementInit, maxBytes: number) {
    this.sql = sql;
    this.isCut = isCut;
    this.parameterCount = parameterCount;
    this.weight = sql.length + COLUMN_WEIGHT * (columnCount + parameterCount);
    this.#columnCount = columnCount;
    this.#columns = columns;
    this.#maxBytes = maxBytes;
  }

  /** Of its rows, as far as the server has described them. */
  get columns(): readonly Column[] | undefined {
    return this.#columns;
  }

  /** The server describes its rows. */
  describe(columns: readonly Column[]): void {
    if (columns.length === this.#columnCount) this.#columns = columns;
  }

  /** A piece of a parameter. @returns false when it found no room. */
  append(parameter: number, bytes: Buffer, size: number): boolean {
    this.#long ??= new Map();
    let collector = this.#long.get(parameter);
    if (collector === undefined) {
      if (this.#long.size >= MAX_LONG_PARAMETERS) {
        this.isUncertain = true;
        return false;
      }
      collector = new BodyCollector(this.#maxBytes, 0);
      this.#long.set(parameter, collector);
    }
    const kept = Math.min(bytes.length, Math.max(0, this.#maxBytes - this.#longBytes));
    this.#longBytes += kept;
    collector.append(bytes, 0, kept);
    collector.skip(size - kept);
    return true;
  }

  longParameter(parameter: number): BodyCollector | undefined {
    return this.#long?.get(parameter);
  }

  /** What was sent in pieces belongs to one execution. */
  forgetPieces(): void {
    this.#long = undefined;
    this.#longBytes = 0;
    this.isUncertain = false;
  }

  /** Something that the client sent was missed. */
  doubt(): void {
    this.#long = undefined;
    this.#longBytes = 0;
    this.types = undefined;
    this.isUncertain = true;
  }
}

/** The prepared statements of a connection. At a limit the one that was prepared first is forgotten. */
export class Statements {
  readonly #maxBytes: number;
  readonly #byId = new Map<number, Statement>();
  #weight = 0;
  #last: number | undefined;

  /** `maxBytes`: of parameters that are sent in pieces. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(id: number): Statement | undefined {
    return this.#byId.get(this.resolve(id));
  }

  /** The number that the server gave. */
  resolve(id: number): number {
    return id === LAST_PREPARED ? (this.#last ?? id) : id;
  }

  add(id: number, init: StatementInit): void {
    this.delete(id);
    const statement = new Statement(init, this.#maxBytes);
    this.#byId.set(id, statement);
    this.#weight += statement.weight;
    this.#last = id;
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= MAX_STATEMENTS && this.#weight <= MAX_WEIGHT) break;
      this.delete(oldest);
    }
  }

  delete(id: number): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    this.#weight -= known.weight;
    this.#byId.delete(id);
  }

  clear(): void {
    this.#byId.clear();
    this.#weight = 0;
    this.#last = undefined;
  }

  /** Something that the client sent was missed. */
  doubt(): void {
    for (const statement of this.#byId.values()) statement.doubt();
  }
}
