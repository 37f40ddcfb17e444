// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '@flowtap/core';
import { hasExtendedMetadata } from '../capabilities.js';
import { MAX_COLUMNS, ServerStatus } from '../constants.js';
import { isWhole, type Message } from '../packets/message.js';
import { PayloadReader } from '../packets/payload-reader.js';
import type { Session } from '../session.js';
import type { Statement } from '../statements.js';
import { type Column, readColumn } from '../values/columns.js';
import { type RowReader, readBinaryRow, readTextRow } from '../values/rows.js';
import type { Progress, ReplyReader } from './reply-reader.js';
import type { ResultList } from './result-list.js';
import {
  Header,
  isEof,
  isError,
  isOk,
  isOkAfterRows,
  isProgress,
  readEof,
  readError,
  readOk,
} from './status-packets.js';

/** Of a row that is not kept: enough to tell it from what ends the rows, and to read that. */
const END_BYTES = 512;

/**
 *     first ──count──▶ columns ──▶ after-columns ──▶ rows ──end──▶ first, while there are more results
 *       └── OK, error, request of a file
 */
type State = 'first' | 'columns' | 'after-columns' | 'rows';

export interface ResultOptions {
  readonly isBinary: boolean;
  /** The one whose rows these are: it knows the columns where the server leaves them out, and learns them where not. */
  readonly statement: Statement | undefined;
  /** Rows come at once, of a cursor that was opened before. */
  readonly isFetch: boolean;
}

/** Results of statements, one after the other. */
export class ResultReader implements ReplyReader {
  readonly #results: ResultList;
  readonly #session: Session;
  readonly #statement: Statement | undefined;
  readonly #readRow: RowReader;
  readonly #isBinary: boolean;
  #state: State = 'first';
  #expected = 0;
  #columns: Column[] = [];
  /** Undefined: they are not known. */
  #rowColumns: readonly Column[] | undefined;

  constructor(results: ResultList, session: Session, { isBinary, statement, isFetch }: ResultOptions) {
    this.#results = results;
    this.#session = session;
    this.#statement = statement;
    this.#isBinary = isBinary;
    this.#readRow = isBinary ? readBinaryRow : readTextRow;
    if (isFetch) this.#beginRows(statement?.columns);
  }

  get wantedBytes(): number | undefined {
    return this.#state === 'rows' && !this.#results.hasRoom ? END_BYTES : undefined;
  }

  message(message: Message): Progress {
    // Without its first byte a message could be anything.
    if (message.payload.length === 0) return 'malformed';
    switch (this.#state) {
      case 'first':
        return this.#first(message);
      case 'columns':
        return this.#column(message);
      case 'after-columns':
        return this.#afterColumns(message);
      case 'rows':
        return this.#rowOrEnd(message);
      default:
        return assertNever(this.#state);
    }
  }

  #first(message: Message): Progress {
    if (isOk(message)) return this.#ok(message);
    if (isError(message)) return this.#error(message);
    if (message.payload[0] === Header.LOCAL_INFILE && !this.#isBinary) return 'upload';
    const count = readColumnCount(message);
    if (count === undefined || count.columns > MAX_COLUMNS) return 'malformed';
    this.#columns = [];
    this.#expected = count.columns;
    if (count.areDescribed) {
      this.#state = 'columns';
    } else {
      this.#rowColumns = this.#statement?.columns?.length === count.columns ? this.#statement.columns : undefined;
      this.#state = 'after-columns';
    }
    return 'more';
  }

  #ok(message: Message): Progress {
    const ok = readOk(message, this.#session.capabilities);
    if (ok === undefined) return 'malformed';
    this.#session.hear(ok);
    this.#results.ok(ok);
    return this.#hasMore(ok.status);
  }

  #error(message: Message): Progress {
    if (isProgress(message)) return 'more';
    this.#results.error = readError(message);
    return 'done';
  }

  #column(message: Message): Progress {
    const column = readColumn(message.payload, hasExtendedMetadata(this.#session.capabilities));
    if (column === undefined) return isError(message) ? this.#error(message) : 'malformed';
    this.#columns.push(column);
    if (this.#columns.length < this.#expected) return 'more';
    this.#rowColumns = this.#columns;
    this.#statement?.describe(this.#columns);
    this.#state = 'after-columns';
    return 'more';
  }

  #afterColumns(message: Message): Progress {
    this.#beginRows(this.#rowColumns);
    this.#session.hasEofPackets = isEof(message);
    if (!isEof(message)) return this.#rowOrEnd(message);
    const { status, warnings } = readEof(message);
    // Rows of a cursor are fetched by commands of their own.
    return (status & ServerStatus.CURSOR_EXISTS) === 0 ? 'more' : this.#end(status, warnings);
  }

  #beginRows(columns: readonly Column[] | undefined): void {
    this.#state = 'rows';
    this.#rowColumns = columns;
    this.#results.begin(columns);
  }

  #rowOrEnd(message: Message): Progress {
    if (isEof(message)) {
      const { status, warnings } = readEof(message);
      return this.#end(status, warnings);
    }
    if (isError(message)) return this.#error(message);
    if (isOkAfterRows(message) && this.#session.hasEofPackets !== true) {
      const ok = readOk(message, this.#session.capabilities);
      if (ok === undefined) return 'malformed';
      this.#session.hear(ok);
      return this.#end(ok.status, ok.warnings);
    }
    return this.#row(message);
  }

  #row(message: Message): Progress {
    const columns = this.#rowColumns;
    const canBeRead = columns !== undefined && isWhole(message);
    let isMalformed = false;
    this.#results.row(message.size, columns?.length ?? 0, () => {
      const row = canBeRead ? this.#readRow(message.payload, columns) : undefined;
      isMalformed = canBeRead && row === undefined;
      return row;
    });
    return isMalformed ? 'malformed' : 'more';
  }

  #end(status: number, warnings: number): Progress {
    this.#results.end(warnings);
    return this.#hasMore(status);
  }

  #hasMore(status: number): Progress {
    this.#state = 'first';
    return (status & ServerStatus.MORE_RESULTS) === 0 ? 'done' : 'more';
  }
}

interface ColumnCount {
  readonly columns: number;
  /** Their definitions follow. */
  readonly areDescribed: boolean;
}

/**
 * The number of columns; where it may be left out what they are, one byte beside it says so. MySQL's documentation puts that
 * byte in front, servers behind the number: as no result has 0 columns, the bytes show which it is.
 */
function readColumnCount({ payload, size }: Message): ColumnCount | undefined {
  if (payload.length !== size) return undefined;
  const isFlagFirst = size > 1 && (payload[0] ?? 0) <= 1 && (payload[0] === 0 || (payload[1] ?? 0) > 1);
  const reader = new PayloadReader(payload);
  let flag = isFlagFirst ? reader.uint(1) : 1;
  const columns = reader.count();
  if (!isFlagFirst && reader.left > 0) flag = reader.uint(1);
  if (reader.failed || reader.left > 0 || columns === 0 || flag > 1) return undefined;
  return { columns, areDescribed: flag === 1 };
}
