// SPDX-License-Identifier: Apache-2.0
import {
  type FlowGap,
  type OpenExchange,
  type ParsedExchange,
  type ParserContext,
  type SqlError,
  type SqlRequest,
  type SqlResponse,
  type SqlResult,
  type SqlValue,
  withGap,
} from '@flowtap/core';
import { formatAt } from './client-messages.js';
import { type FaultCode, flowError, MAX_NOTICES, MAX_RESULTS, PROTOCOL_NAME } from './constants.js';
import { Result, type Room } from './result.js';
import type { Column, CommandTag } from './server-messages.js';
import type { Portal, Statement } from './statements.js';
import { readValue } from './values/type-table.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What all statements of a connection have in common. */
export interface Login {
  readonly user?: string;
  readonly database?: string;
}

/** What a client asked for: a statement in most cases. */
export interface Asked {
  operation: string;
  readonly sql?: string;
  readonly sqlTruncated?: boolean;
  statement?: Statement;
  portal?: Portal;
  readonly parameters?: readonly SqlValue[];
}

/** What becomes a flow: one statement, or another request, and its answer. */
export class Exchange {
  /** Undefined for an answer whose request was not captured. */
  readonly asked: Asked | undefined;
  readonly startNs: number;
  endNs: number;
  /** Messages of it that wait for their answers. */
  pending = 0;
  /** Further messages of the client may belong to it. */
  isOpen = true;
  isFinished = false;
  /** Something of the answer was seen. */
  isAnswered = false;
  error: SqlError | undefined;
  /** The first thing that went wrong with the capture. */
  fault: FaultCode | undefined;
  readonly #context: ParserContext;
  readonly #room: Room;
  readonly #results: SqlResult[] = [];
  readonly #notices: SqlError[] = [];
  #resultsTruncated = false;
  #current: Result | undefined;
  #gaps: FlowGap[] | undefined;
  #opened: OpenExchange | undefined;

  constructor(context: ParserContext, asked: Asked | undefined, startNs: number) {
    this.#context = context;
    this.#room = { bytes: context.limits.maxBodyBytes };
    this.asked = asked;
    this.startNs = startNs;
    this.endNs = startNs;
    if (asked === undefined) this.fault = 'request-not-captured';
  }

  /** The request is complete: tell it to those who want to hear of statements before they end. */
  announce(login: Login, requestDirection: ParsedExchange['requestDirection']): void {
    if (!this.#context.wantsUpdates || this.#opened !== undefined) return;
    this.#opened = this.#context.open(this.#parsed(login, requestDirection, false));
  }

  /** The result that comes in. */
  get result(): Result {
    this.#current ??= new Result(this.#room, this.asked?.portal?.columns, this.asked?.portal?.bind?.resultFormats);
    return this.#current;
  }

  /** Whether a row of so many bytes would be kept. */
  hasRoom(size: number): boolean {
    return this.#results.length < MAX_RESULTS && this.result.hasRoom(size);
  }

  describe(columns: readonly Column[]): void {
    this.result.columns = columns;
  }

  endResult(tag?: CommandTag): void {
    if (this.#results.length < MAX_RESULTS) this.#results.push(this.result.finish(tag));
    else this.#resultsTruncated = true;
    this.#current = undefined;
  }

  notice(notice: SqlError): void {
    if (this.#notices.length < MAX_NOTICES) this.#notices.push(notice);
  }

  addGap(gap: FlowGap): void {
    this.#gaps = withGap(this.#gaps, gap);
  }

  emit(login: Login, requestDirection: ParsedExchange['requestDirection']): void {
    // Of one that the server did not come to, everything was seen.
    const isComplete = this.fault === undefined || this.fault === 'not-executed';
    this.#context.emit(this.#parsed(login, requestDirection, isComplete));
  }

  #parsed(login: Login, requestDirection: ParsedExchange['requestDirection'], complete: boolean): ParsedExchange {
    const parsed: Writable<ParsedExchange> = {
      protocol: PROTOCOL_NAME,
      scheme: PROTOCOL_NAME,
      requestDirection,
      startNs: this.startNs,
      endNs: Math.max(this.startNs, this.endNs),
      complete,
    };
    if (this.asked !== undefined) parsed.request = requestOf(this.asked, login);
    if (this.isAnswered) parsed.response = this.#response();
    if (this.fault !== undefined) parsed.error = flowError(this.fault);
    if (this.#gaps !== undefined) parsed.gaps = [...this.#gaps];
    if (this.#context.joinedLate) parsed.joined = 'late';
    if (this.#opened !== undefined) parsed.opened = this.#opened;
    return parsed;
  }

  #response(): SqlResponse {
    // A result that did not come to its end is shown as far as it came.
    const unfinished = this.#current?.finish();
    const hasContent = unfinished !== undefined && (unfinished.rowCount > 0 || unfinished.copiedBytes !== undefined);
    const response: Writable<SqlResponse> = {
      kind: 'sql',
      results: hasContent ? [...this.#results, unfinished] : this.#results,
    };
    if (this.#resultsTruncated) response.resultsTruncated = true;
    if (this.#notices.length > 0) response.notices = this.#notices;
    if (this.error !== undefined) response.error = this.error;
    return response;
  }
}

function requestOf(asked: Asked, { database, user }: Login): SqlRequest {
  const { operation, statement, portal } = asked;
  const sql = asked.sql ?? statement?.sql;
  const request: Writable<SqlRequest> = { kind: 'sql', operation };
  if (sql !== undefined) request.sql = sql;
  if (asked.sqlTruncated === true || statement?.sqlTruncated === true) request.sqlTruncated = true;
  // The unnamed statement has the empty name.
  if (statement?.name !== undefined && statement.name !== '') request.statement = statement.name;
  const parameters = asked.parameters ?? parametersOf(portal);
  if (parameters !== undefined && parameters.length > 0) request.parameters = parameters;
  if (portal?.bind?.valuesTruncated === true) request.parametersTruncated = true;
  if (database !== undefined) request.database = database;
  if (user !== undefined) request.user = user;
  return request;
}

function parametersOf(portal: Portal | undefined): readonly SqlValue[] | undefined {
  return portal?.bind?.values.map(
    (value, index) =>
      value && readValue(value, formatAt(portal.bind?.formats ?? [], index), portal.statement.parameterOids[index]),
  );
}
