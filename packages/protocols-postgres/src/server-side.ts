// SPDX-License-Identifier: Apache-2.0
import type { FlowGap, ParserContext } from '@flowtap/core';
import type { ClientSide } from './client-side.js';
import { Exchange } from './exchange.js';
import type { Message } from './message-reader.js';
import type { Ask, AskKind, Pipeline } from './pipeline.js';
import {
  type Column,
  readCommandTag,
  readFields,
  readParameterDescription,
  readRowDescription,
} from './server-messages.js';
import type { Statement, Statements } from './statements.js';

const MAX_DESCRIPTION_BYTES = 1024 * 1024;
const MAX_FIELDS_BYTES = 65_536;
/** Messages that a request brings about: without one, the request was not captured. */
const ANSWERS = new Set('TDCIEGHWdcVn123ts');

const EXECUTED = 'DCsIGHWdc';
/** What can answer a message of the client's, besides an error and what comes at any time. */
const ANSWERS_OF: Readonly<Record<AskKind, string>> = {
  startup: 'RKvZ',
  query: `T${EXECUTED}Z`,
  function: 'VZ',
  parse: '1',
  bind: '2',
  'describe-statement': 'tTn',
  'describe-portal': 'Tn',
  execute: EXECUTED,
  close: '3',
  sync: 'Z',
  'copy-end': '',
};

/** What a server's messages answer. */
export class ServerSide {
  readonly #context: ParserContext;
  readonly #pipeline: Pipeline;
  readonly #client: ClientSide;

  constructor(context: ParserContext, pipeline: Pipeline, client: ClientSide) {
    this.#context = context;
    this.#pipeline = pipeline;
    this.#client = client;
  }

  wants(type: string, size: number): number {
    switch (type) {
      case 'D':
        // A row that cannot be kept whole is not kept at all.
        return this.#hasRoom(size) ? size : 0;
      case 'T':
      case 't':
        return MAX_DESCRIPTION_BYTES;
      case 'C':
        return size;
      case 'E':
      case 'N':
        return MAX_FIELDS_BYTES;
      default:
        // Data that is only counted; of the login nothing, because it holds secrets.
        return 0;
    }
  }

  message(message: Message): void {
    const { type, payload, startNs, endNs } = message;
    switch (type) {
      case 'A':
        this.#context.count('notification');
        return;
      case 'S':
        return;
      case 'N': {
        const exchange = this.#pipeline.head?.exchange ?? this.#pipeline.held;
        if (exchange === undefined) this.#context.count('notice');
        else exchange.notice(readFields(payload));
        return;
      }
      case 'Z':
        this.#check(type);
        this.#client.copyEnded();
        if (this.#pipeline.head?.exchange !== undefined) this.#pipeline.head.exchange.isAnswered = true;
        this.#pipeline.ready(endNs);
        return;
      default:
    }
    this.#check(type);
    const ask = this.#askFor(type, startNs);
    const exchange = ask?.exchange;
    if (exchange !== undefined) {
      exchange.isAnswered = true;
      exchange.endNs = endNs;
    }
    if (ask !== undefined) this.#answer(ask, message);
  }

  /** A gap within the message that comes next. */
  gapInMessage(gap: FlowGap): void {
    this.#pipeline.head?.exchange?.addGap(gap);
  }

  #hasRoom(size: number): boolean {
    const exchange = this.#pipeline.head?.exchange;
    if (exchange !== undefined) return exchange.hasRoom(size);
    // It may be the first row of an answer whose request was not captured.
    return this.#pipeline.isDoubtful && size <= this.#context.limits.maxBodyBytes;
  }

  /** An answer to something else: the answers have slipped against the requests. */
  #check(type: string): void {
    const { head, isDoubtful } = this.#pipeline;
    if (isDoubtful || head === undefined || type === 'E' || ANSWERS_OF[head.kind].includes(type)) return;
    this.#context.count('out-of-order');
    this.#pipeline.lost('malformed-message');
  }

  /** What is answered now; an answer to nothing is a flow of its own where its request may have been missed. */
  #askFor(type: string, startNs: number): Ask | undefined {
    const { head } = this.#pipeline;
    if (!this.#pipeline.isDoubtful || !ANSWERS.has(type)) return head;
    if (head !== undefined) return head.exchange?.asked === undefined ? head : undefined;
    const exchange = new Exchange(this.#context, undefined, startNs);
    this.#pipeline.add({ kind: 'query', exchange });
    this.#pipeline.close(exchange);
    return this.#pipeline.head;
  }

  #answer(ask: Ask, message: Message): void {
    const { exchange } = ask;
    switch (message.type) {
      case 'E':
        this.#error(ask, message);
        return;
      case '1':
      case '2':
      case '3':
        // Not of a request that was not captured.
        if (ask.kind !== 'query') this.#pipeline.answered();
        return;
      case 't':
        this.#describe(ask.statement, { parameterOids: readParameterDescription(message.payload) });
        return;
      case 'n':
        if (ask.kind === 'describe-statement' || ask.kind === 'describe-portal') this.#pipeline.answered();
        return;
      case 'T':
        this.#columns(ask, readRowDescription(message.payload));
        return;
      case 'D':
        exchange?.result.addRow(message.payload.length < message.size ? undefined : message.payload);
        return;
      case 'd':
        exchange?.result.copied(message.size);
        return;
      case 'G':
        if (exchange === undefined) return;
        copying(exchange, 'copy-in');
        if (ask.kind === 'execute') this.#pipeline.dropSyncs();
        this.#client.copyIn(exchange);
        return;
      case 'H':
      case 'W':
        if (exchange === undefined) return;
        copying(exchange, 'copy-out');
        exchange.result.copied(0);
        return;
      case 'C':
        exchange?.endResult(readCommandTag(message.payload));
        this.#executed(ask);
        return;
      case 's':
        if (exchange !== undefined) exchange.result.isSuspended = true;
        exchange?.endResult();
        this.#executed(ask);
        return;
      case 'I':
        this.#executed(ask);
        return;
      default:
    }
  }

  /** Row descriptions answer a Describe, or begin a result of a simple query. */
  #columns(ask: Ask, columns: readonly Column[]): void {
    switch (ask.kind) {
      case 'describe-statement':
        this.#describe(ask.statement, { columns });
        if (ask.exchange?.asked?.portal !== undefined) ask.exchange.asked.portal.columns = columns;
        this.#pipeline.answered();
        return;
      case 'describe-portal':
        if (ask.portal !== undefined) {
          ask.portal.columns = columns;
          if (ask.portal.statement.columns === undefined) this.#describe(ask.portal.statement, { columns });
        }
        this.#pipeline.answered();
        return;
      default:
        ask.exchange?.describe(columns);
    }
  }

  #describe(statement: Statement | undefined, described: Parameters<Statements['describe']>[1]): void {
    if (statement !== undefined) this.#client.statements.describe(statement, described);
  }

  #error(ask: Ask, { payload }: Message): void {
    const error = readFields(payload);
    const exchange = ask.exchange ?? (ask.kind === 'sync' ? this.#pipeline.held : undefined);
    if (exchange === undefined) this.#context.count('error-without-statement');
    else exchange.error = error;
    this.#client.copyEnded();
    if (ask.kind === 'parse' && ask.statement !== undefined) this.#client.statements.refused(ask.statement);
    // In the simple protocol, and at the end of a cycle, ReadyForQuery comes next.
    if (ask.kind === 'query' || ask.kind === 'function' || ask.kind === 'startup' || ask.kind === 'sync') return;
    this.#pipeline.failed();
  }

  #executed(ask: Ask): void {
    if (ask.kind === 'execute') this.#pipeline.answered();
  }
}

function copying(exchange: Exchange, operation: string): void {
  if (exchange.asked !== undefined) exchange.asked.operation = operation;
}
