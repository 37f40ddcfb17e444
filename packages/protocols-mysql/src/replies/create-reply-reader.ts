// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '@flowtap/core';
import type { Exchange } from '../exchange.js';
import type { Session } from '../session.js';
import { PreparedReader } from './prepared-reader.js';
import type { ReplyReader } from './reply-reader.js';
import { ResultReader } from './result-reader.js';
import { ColumnsReader, StatusReader, StreamReader, TextReader } from './simple-readers.js';

const BINARY_OPERATIONS: ReadonlySet<string> = new Set(['execute', 'bulk-execute']);

/** Reads what answers the command of an exchange. `agreed`: told when the server says OK. */
export function createReplyReader(exchange: Exchange, session: Session, agreed: () => void): ReplyReader | undefined {
  const { command, results, request, statement } = exchange;
  if (command === undefined) return undefined;
  switch (command.reply) {
    case 'result': {
      const isBinary = BINARY_OPERATIONS.has(command.operation);
      return new ResultReader(results, session, { isBinary, statement, isFetch: false });
    }
    case 'fetched':
      return new ResultReader(results, session, { isBinary: true, statement, isFetch: true });
    case 'prepared':
      return new PreparedReader(results, session, ({ id, ...prepared }) => {
        session.statements.add(id, { sql: request?.sql ?? '', isCut: request?.sqlTruncated === true, ...prepared });
      });
    case 'columns':
      return new ColumnsReader(results, session);
    case 'status':
      return new StatusReader(results, session, false, agreed);
    case 'auth':
      return new StatusReader(results, session, true, agreed);
    case 'text':
      return new TextReader(results);
    case 'stream':
      return new StreamReader(results);
    case 'none':
      return undefined;
    default:
      return assertNever(command.reply);
  }
}
