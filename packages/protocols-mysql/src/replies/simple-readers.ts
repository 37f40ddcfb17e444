// SPDX-License-Identifier: Apache-2.0
import { hasExtendedMetadata } from '../capabilities.js';
import { MAX_COLUMNS } from '../constants.js';
import type { Message } from '../packets/message.js';
import type { Session } from '../session.js';
import { type Column, readColumn } from '../values/columns.js';
import { shownText } from '../values/text.js';
import type { Progress, ReplyReader } from './reply-reader.js';
import type { ResultList } from './result-list.js';
import { isEof, isError, isOk, isOkAfterRows, isProgress, readError, readOk } from './status-packets.js';

/** Reads an error, as which any reply may end. */
function error(message: Message, results: ResultList): Progress {
  if (isProgress(message)) return 'more';
  results.error = readError(message);
  return 'done';
}

/** OK, EOF or an error: there is no result. `isLogin`: packets of an authentication come before, which are not looked into. */
export class StatusReader implements ReplyReader {
  readonly wantedBytes = undefined;
  readonly #results: ResultList;
  readonly #session: Session;
  readonly #isLogin: boolean;
  readonly #done: () => void;

  /** `done`: told when the server agrees. */
  constructor(results: ResultList, session: Session, isLogin: boolean, done: () => void) {
    this.#results = results;
    this.#session = session;
    this.#isLogin = isLogin;
    this.#done = done;
  }

  message(message: Message): Progress {
    if (isError(message)) return error(message, this.#results);
    if (isOk(message) || (isOkAfterRows(message) && !this.#isLogin)) {
      const ok = readOk(message, this.#session.capabilities);
      if (ok === undefined) return 'malformed';
      this.#done();
      this.#session.hear(ok);
      return 'done';
    }
    if (this.#isLogin) return 'more';
    if (!isEof(message)) return 'malformed';
    this.#done();
    return 'done';
  }
}

/** One packet of words. */
export class TextReader implements ReplyReader {
  readonly wantedBytes = undefined;
  readonly #results: ResultList;

  constructor(results: ResultList) {
    this.#results = results;
  }

  message(message: Message): Progress {
    if (isError(message)) return error(message, this.#results);
    this.#results.text(shownText(message.payload));
    return 'done';
  }
}

/** Definitions of columns without rows. */
export class ColumnsReader implements ReplyReader {
  readonly wantedBytes = undefined;
  readonly #results: ResultList;
  readonly #session: Session;
  readonly #columns: Column[] = [];

  constructor(results: ResultList, session: Session) {
    this.#results = results;
    this.#session = session;
  }

  message(message: Message): Progress {
    if (isError(message)) return error(message, this.#results);
    if (isEof(message) || isOkAfterRows(message)) {
      this.#results.described(this.#columns);
      return 'done';
    }
    const column = readColumn(message.payload, hasExtendedMetadata(this.#session.capabilities));
    if (column === undefined || this.#columns.length >= MAX_COLUMNS) return 'malformed';
    this.#columns.push(column);
    return 'more';
  }
}

/** Packets of a stream, such as the binary log: only that there were some can be told. */
export class StreamReader implements ReplyReader {
  readonly wantedBytes = 512;
  readonly #results: ResultList;

  constructor(results: ResultList) {
    this.#results = results;
    results.begin(undefined);
  }

  message(message: Message): Progress {
    if (isError(message)) return error(message, this.#results);
    if (isEof(message)) {
      this.#results.end();
      return 'done';
    }
    this.#results.row(message.size, 0, () => undefined);
    return 'more';
  }
}
