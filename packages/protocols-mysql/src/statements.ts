// SPDX-License-Identifier: Apache-2.0
import { BodyCollector } from '@flowtap/core';
import type { Column } from './values/columns.js';
import type { ValueType } from './values/types.js';

/** Prepared statements that are known at once, as many as a server allows by default on all its connections. */
const MAX_STATEMENTS = 16_382;
/** Text of all of them together, in units of UTF-16. */
const MAX_TEXT = 16 * 1024 * 1024;
/** Parameters of a statement that are sent in pieces. */
const MAX_LONG_PARAMETERS = 64;

/** Stands for the statement that was prepared last (MariaDB). */
export const LAST_PREPARED = 0xff_ff_ff_ff;

export interface ParameterType extends ValueType {
  readonly name: string;
}

/** A prepared statement. */
export class Statement {
  readonly sql: string;
  readonly isCut: boolean;
  readonly parameterCount: number;
  /** Of its rows, as far as the server has told. */
  columns: readonly Column[] | undefined;
  /** As the client gave them last. Undefined while it has not, or that may have been missed. */
  types: readonly ParameterType[] | undefined = undefined;
  /** Pieces of parameters, or types, may have been missed since the last execution. */
  isUncertain = false;
  readonly #maxBytes: number;
  #long: Map<number, BodyCollector> | undefined;
  #longBytes = 0;

  constructor(sql: string, isCut: boolean, parameterCount: number, columns: readonly Column[], maxBytes: number) {
    this.sql = sql;
    this.isCut = isCut;
    this.parameterCount = parameterCount;
    this.columns = columns.length === 0 ? undefined : columns;
    this.#maxBytes = maxBytes;
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
  #text = 0;
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

  add(id: number, sql: string, isCut: boolean, parameterCount: number, columns: readonly Column[]): void {
    this.delete(id);
    this.#byId.set(id, new Statement(sql, isCut, parameterCount, columns, this.#maxBytes));
    this.#text += sql.length;
    this.#last = id;
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= MAX_STATEMENTS && this.#text <= MAX_TEXT) break;
      this.delete(oldest);
    }
  }

  delete(id: number): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    this.#text -= known.sql.length;
    this.#byId.delete(id);
  }

  clear(): void {
    this.#byId.clear();
    this.#text = 0;
    this.#last = undefined;
  }

  /** Something that the client sent was missed. */
  doubt(): void {
    for (const statement of this.#byId.values()) statement.doubt();
  }
}
