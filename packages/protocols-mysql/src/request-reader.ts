// SPDX-License-Identifier: Apache-2.0
import type { SqlValue } from '@flowtap/core';
import { Capability, has } from './capabilities.js';
import { type Command, CommandByte } from './commands.js';
import { readChangeOfUser } from './login.js';
import type { MysqlRequest } from './messages-of-protocol.js';
import type { Message } from './packets/message.js';
import { PayloadReader } from './packets/payload-reader.js';
import { MAX_PARAMETERS, type Parameters, readBulkRows, readParameters, readTypes } from './parameters.js';
import type { Session } from './session.js';
import { LAST_PREPARED, type Statement } from './statements.js';
import { cutText, shownText } from './values/text.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Flag of an execution: the number of parameters comes with it. */
const PARAMETER_COUNT_AVAILABLE = 8;
/** Flag of a bulk execution: types of the parameters come with it. */
const BULK_TYPES = 128;
/** Attributes of an execution whose types are remembered with those of the parameters. */
const MAX_ATTRIBUTES = 64;
/** An execution without parameters. */
const MIN_EXECUTION_BYTES = 10;

export interface ReadRequest {
  readonly request: MysqlRequest;
  /** The prepared statement that it is about, where it is known. */
  readonly statement: Statement | undefined;
}

/** Whether a command is about the statement that was prepared last, whichever that is (MariaDB). */
export function isAboutLastPrepared({ payload }: Message): boolean {
  const [byte] = payload;
  if (byte !== CommandByte.EXECUTE && byte !== CommandByte.BULK_EXECUTE) return false;
  return payload.length >= 5 && payload.readUInt32LE(1) === LAST_PREPARED;
}

/** What a command asks for. `message`: whole, or as much of it as was kept. */
export function readRequest(message: Message, command: Command, session: Session): ReadRequest {
  const request: Writable<MysqlRequest> = { kind: 'sql', operation: command.operation };
  if (session.database !== undefined) request.database = session.database;
  if (session.user !== undefined) request.user = session.user;
  const reader = new PayloadReader(message.payload, 1);
  let statement: Statement | undefined;
  switch (message.payload[0]) {
    case CommandByte.INIT_DB:
      request.database = shownText(reader.rest());
      break;
    case CommandByte.QUERY:
      readQuery(message, reader, request, session);
      break;
    case CommandByte.CHANGE_USER:
      Object.assign(request, readChangeOfUser(message.payload));
      break;
    case CommandByte.PREPARE:
      setSql(message, reader, request, session);
      break;
    case CommandByte.EXECUTE:
      statement = aboutStatement(reader, request, session);
      readExecution(message, reader, request, session, statement);
      break;
    case CommandByte.BULK_EXECUTE:
      statement = aboutStatement(reader, request, session);
      readBulkExecution(message, reader, request, statement);
      break;
    case CommandByte.SEND_LONG_DATA:
    case CommandByte.CLOSE:
    case CommandByte.RESET:
    case CommandByte.FETCH:
      statement = aboutStatement(reader, request, session);
      break;
  }
  return { request, statement };
}

function setSql(message: Message, reader: PayloadReader, request: Writable<MysqlRequest>, session: Session): void {
  const bytes = reader.rest();
  const isCut = message.payload.length < message.size || bytes.length > session.maxBodyBytes;
  request.sql = shownText(isCut ? cutText(bytes, session.maxBodyBytes) : bytes);
  if (isCut) request.sqlTruncated = true;
}

function readQuery(message: Message, reader: PayloadReader, request: Writable<MysqlRequest>, session: Session): void {
  // No statement begins with these two bytes: they are a small number of attributes, and that there is one set of them.
  const looksLike = (reader.peek() ?? 0xff) < 0x09 && reader.peek(1) === 1;
  if (has(session.capabilities, Capability.QUERY_ATTRIBUTES) ?? looksLike) {
    const count = reader.count();
    reader.skip(1);
    if (count > MAX_PARAMETERS) return;
    const parameters = count === 0 ? undefined : readParameters(reader, { count, hasNames: true });
    if (reader.failed || (count > 0 && parameters === undefined)) return;
    if (parameters !== undefined) request.attributes = namedValues(parameters, 0);
  }
  setSql(message, reader, request, session);
}

function aboutStatement(reader: PayloadReader, request: Writable<MysqlRequest>, session: Session) {
  const id = reader.uint(4);
  request.statement = String(session.statements.resolve(id));
  const statement = session.statements.get(id);
  if (statement === undefined) return undefined;
  request.sql = statement.sql;
  if (statement.isCut) request.sqlTruncated = true;
  return statement;
}

function readExecution(
  message: Message,
  reader: PayloadReader,
  request: Writable<MysqlRequest>,
  session: Session,
  statement: Statement | undefined,
): void {
  const flags = reader.uint(1);
  reader.skip(4);
  const namesAttributes = has(session.capabilities, Capability.QUERY_ATTRIBUTES);
  const hasCount = (flags & PARAMETER_COUNT_AVAILABLE) !== 0 && namesAttributes !== false;
  const isEmpty = message.size === MIN_EXECUTION_BYTES;
  const known = hasCount ? reader.count() : (statement?.parameterCount ?? (isEmpty ? 0 : undefined));
  if (reader.failed || known === undefined || known > MAX_PARAMETERS || statement?.isUncertain === true) {
    statement?.forgetPieces();
    return;
  }
  const hasNames = namesAttributes ?? hasCount;
  const parameters = known === 0 ? NO_PARAMETERS : readParameters(reader, { count: known, hasNames, statement });
  if (statement !== undefined) {
    if (parameters !== undefined && known <= statement.parameterCount + MAX_ATTRIBUTES)
      statement.types = parameters.types;
    statement.forgetPieces();
  }
  if (parameters === undefined) return;
  const placeholders = statement?.parameterCount ?? parameters.types.filter(({ name }) => name === '').length;
  request.parameters = parameters.values.slice(0, placeholders);
  if (known > placeholders) request.attributes = namedValues(parameters, placeholders);
  if (parameters.isCut) request.parametersTruncated = true;
}

const NO_PARAMETERS: Parameters = { values: [], types: [], isCut: false };

function namedValues({ values, types }: Parameters, from: number): { name: string; value: SqlValue }[] {
  return values.slice(from).map((value, i) => ({ name: types[from + i]?.name ?? '', value }));
}

function readBulkExecution(
  message: Message,
  reader: PayloadReader,
  request: Writable<MysqlRequest>,
  statement: Statement | undefined,
): void {
  const flags = reader.uint(2);
  if (statement === undefined || statement.parameterCount > MAX_PARAMETERS) return;
  const hasTypes = (flags & BULK_TYPES) !== 0;
  const types = hasTypes ? readTypes(reader, statement.parameterCount, false) : statement.types;
  if (types === undefined) return;
  statement.types = types;
  request.parameterRows = readBulkRows(reader, types);
  if (message.payload.length < message.size || reader.left > 0 || reader.failed) request.parametersTruncated = true;
}
