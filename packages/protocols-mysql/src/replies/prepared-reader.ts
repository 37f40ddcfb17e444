// SPDX-License-Identifier: Apache-2.0
import { hasExtendedMetadata } from '../capabilities.js';
import { MAX_COLUMNS } from '../constants.js';
import type { Message } from '../packets/message.js';
import { PayloadReader } from '../packets/payload-reader.js';
import type { Session } from '../session.js';
import type { StatementInit } from '../statements.js';
import { type Column, readColumn } from '../values/columns.js';
import type { Progress, ReplyReader } from './reply-reader.js';
import type { ResultList } from './result-list.js';
import { isEof, isError, readError } from './status-packets.js';

/** The first packet: header, statement, two numbers of 16 bits, a filler, warnings, and perhaps whether columns are described. */
const MIN_PREPARED_BYTES = 12;

export interface Prepared extends Pick<StatementInit, 'parameterCount' | 'columnCount' | 'columns'> {
  readonly id: number;
}

/** The answer to a `prepare`: a number, and definitions of the parameters and the columns. */
export class PreparedReader implements ReplyReader {
  readonly wantedBytes = undefined;
  readonly #results: ResultList;
  readonly #session: Session;
  readonly #done: (prepared: Prepared) => void;
  #id: number | undefined;
  #parameterCount = 0;
  /** Definitions of parameters that must still come. */
  #parametersLeft = 0;
  #hasParameterEnd = false;
  #columnCount = 0;
  /** Definitions of columns that must still come. */
  #columnsLeft = 0;
  #hasColumnEnd = false;
  readonly #columns: Column[] = [];

  constructor(results: ResultList, session: Session, done: (prepared: Prepared) => void) {
    this.#results = results;
    this.#session = session;
    this.#done = done;
  }

  message(message: Message): Progress {
    if (this.#id === undefined) return this.#first(message);
    if (this.#parametersLeft > 0) {
      this.#parametersLeft -= 1;
      return this.#next();
    }
    if (isEof(message) && (this.#hasParameterEnd || this.#hasColumnEnd)) {
      this.#session.hasEofPackets = true;
      if (this.#hasParameterEnd) this.#hasParameterEnd = false;
      else this.#hasColumnEnd = false;
      return this.#next();
    }
    if (this.#columnsLeft === 0) return 'malformed';
    if (this.#hasParameterEnd) {
      // A column came in place of an end: there are none.
      this.#session.hasEofPackets = false;
      this.#hasParameterEnd = false;
      this.#hasColumnEnd = false;
    }
    const column = readColumn(message.payload, hasExtendedMetadata(this.#session.capabilities));
    if (column === undefined) return 'malformed';
    this.#columns.push(column);
    this.#columnsLeft -= 1;
    return this.#next();
  }

  #first(message: Message): Progress {
    if (isError(message)) {
      this.#results.error = readError(message);
      return 'done';
    }
    if (message.payload[0] !== 0 || message.payload.length < MIN_PREPARED_BYTES) return 'malformed';
    const reader = new PayloadReader(message.payload, 1);
    this.#id = reader.uint(4);
    this.#columnCount = reader.uint(2);
    this.#parameterCount = reader.uint(2);
    if (this.#columnCount > MAX_COLUMNS) return 'malformed';
    const areDescribed = message.payload[MIN_PREPARED_BYTES] !== 0;
    if (areDescribed) {
      this.#columnsLeft = this.#columnCount;
      this.#parametersLeft = this.#parameterCount;
      // Where nobody knows, the end of the columns is not waited for.
      const { hasEofPackets } = this.#session;
      this.#hasParameterEnd = this.#parametersLeft > 0 && hasEofPackets !== false;
      this.#hasColumnEnd = this.#columnCount > 0 && hasEofPackets !== false;
    }
    return this.#next();
  }

  #next(): Progress {
    if (this.#parametersLeft > 0 || this.#columnsLeft > 0) return 'more';
    if ((this.#hasParameterEnd || this.#hasColumnEnd) && this.#session.hasEofPackets === true) return 'more';
    if (this.#columns.length > 0) this.#results.described(this.#columns);
    const columns = this.#columns.length > 0 ? this.#columns : undefined;
    const counts = { parameterCount: this.#parameterCount, columnCount: this.#columnCount };
    this.#done({ id: this.#id ?? 0, ...counts, columns });
    return 'done';
  }
}
