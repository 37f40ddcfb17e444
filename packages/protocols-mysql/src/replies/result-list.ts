// SPDX-License-Identifier: Apache-2.0
import type { MysqlError, MysqlResponse, MysqlResult } from '../messages-of-protocol.js';
import type { Column } from '../values/columns.js';
import type { Row } from '../values/rows.js';
import type { OkPacket } from './status-packets.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Of one response: results that are kept, and rows and columns of all of them. */
const MAX_RESULTS = 1000;
const MAX_ROWS = 1000;
const MAX_ALL_COLUMNS = 16_384;

/** What a value needs beside its bytes. */
const VALUE_OVERHEAD_BYTES = 8;

/** The results of one response. Counts everything; keeps what its limits allow. */
export class ResultList {
  error: MysqlError | undefined = undefined;
  /** Results that found no room. */
  dropped = 0;
  readonly #maxBytes: number;
  readonly #results: MysqlResult[] = [];
  #rowBytes = 0;
  #rowCount = 0;
  #columns = 0;
  #current: Writable<MysqlResult> | undefined;
  #rows: Row[] = [];

  /** `maxBytes`: of all rows. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return !this.hasResults && this.#current === undefined && this.error === undefined;
  }

  /** One was seen to its end. */
  get hasResults(): boolean {
    return this.#results.length > 0;
  }

  /** Another row would be kept. */
  get hasRoom(): boolean {
    return this.#rowBytes < this.#maxBytes && this.#rowCount < MAX_ROWS && this.#current?.rowsTruncated !== true;
  }

  /** A result with rows begins. Without columns these cannot be read. */
  begin(columns: readonly Column[] | undefined): void {
    this.#rows = [];
    this.#current = { rowCount: 0, ...(columns && { columns: columns.map(({ shown }) => shown) }) };
  }

  /** A row of the result that has begun. `read` is asked only where there is room; undefined: it cannot be read. */
  row(size: number, values: number, read: () => Row | undefined): void {
    const current = this.#current;
    if (current === undefined) return;
    current.rowCount += 1;
    const needed = size + values * VALUE_OVERHEAD_BYTES;
    const row = this.hasRoom && this.#rowBytes + needed <= this.#maxBytes ? read() : undefined;
    if (row === undefined) {
      current.rowsTruncated = true;
      return;
    }
    this.#rowBytes += needed;
    this.#rowCount += 1;
    this.#rows.push(row);
  }

  /** The result with rows ends. */
  end(warnings = 0): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    if (current.columns !== undefined) current.rows = this.#rows;
    if (warnings > 0) current.warnings = warnings;
    this.#keep(current);
  }

  /** A result without rows. */
  ok({ affectedRows, insertId, warnings, info }: OkPacket): void {
    const result: Writable<MysqlResult> = { rowCount: 0, affectedRows };
    if (insertId > 0n) result.insertId = String(insertId);
    if (warnings > 0) result.warnings = warnings;
    if (info !== '') result.summary = info;
    this.#keep(result);
  }

  /** Columns of rows that a later command will bring. */
  described(columns: readonly Column[]): void {
    this.begin(columns);
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#keep(current);
  }

  text(summary: string): void {
    this.#keep({ rowCount: 0, summary });
  }

  /** With what has come of a result that has not ended. */
  toResponse(): MysqlResponse {
    this.end();
    return {
      kind: 'sql',
      results: this.#results,
      ...(this.dropped > 0 ? { resultsTruncated: true } : {}),
      ...(this.error === undefined ? {} : { error: this.error }),
    };
  }

  #keep(result: MysqlResult): void {
    this.#columns += result.columns?.length ?? 0;
    if (this.#results.length < MAX_RESULTS && this.#columns <= MAX_ALL_COLUMNS) this.#results.push(result);
    else this.dropped += 1;
  }
}
