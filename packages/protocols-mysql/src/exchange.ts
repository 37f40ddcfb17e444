// SPDX-License-Identifier: Apache-2.0
import { type Direction, type FlowGap, type OpenExchange, type ParsedExchange, withGap } from '@flowtap/core';
import type { Command } from './commands.js';
import { type FaultCode, flowError, PROTOCOL_NAME } from './constants.js';
import type { MysqlRequest } from './messages-of-protocol.js';
import type { Loss, Message } from './packets/message.js';
import type { ReplyReader } from './replies/reply-reader.js';
import { ResultList } from './replies/result-list.js';
import type { Statement } from './statements.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A command and what answers it. */
export class Exchange {
  readonly command: Command | undefined;
  request: MysqlRequest | undefined = undefined;
  /** The prepared statement that it is about, where it is known. */
  statement: Statement | undefined = undefined;
  readonly results: ResultList;
  /** The command, while it cannot be read yet. */
  deferred: Message | undefined = undefined;
  /** Undefined: what comes cannot be read. */
  reply: ReplyReader | undefined = undefined;
  opened: OpenExchange | undefined = undefined;
  fault: FaultCode | undefined = undefined;
  /** The reply was seen to its end. */
  isAnswered = false;
  /** Something of the reply was seen. */
  hasReply = false;
  endNs: number;
  readonly #startNs: number;
  #gaps: FlowGap[] | undefined;

  /** Without a command it was not seen. */
  constructor(command: Command | undefined, startNs: number, maxBodyBytes: number) {
    this.command = command;
    this.results = new ResultList(maxBodyBytes);
    this.#startNs = startNs;
    this.endNs = startNs;
  }

  get hasGaps(): boolean {
    return this.#gaps !== undefined;
  }

  /** Bytes of it are missing. */
  miss(loss: Loss): void {
    if (loss === 'undecodable') this.fault ??= 'compression-not-understood';
    else if (loss !== 'malformed') this.#gaps = withGap(this.#gaps, loss);
  }

  toParsedExchange(requestDirection: Direction, isLate: boolean): ParsedExchange {
    const parsed: Writable<ParsedExchange> = {
      protocol: PROTOCOL_NAME,
      scheme: PROTOCOL_NAME,
      requestDirection,
      startNs: this.#startNs,
      endNs: Math.max(this.#startNs, this.endNs),
      complete: this.isAnswered && this.fault === undefined,
    };
    if (this.request !== undefined) parsed.request = this.request;
    if (this.isAnswered || !this.results.isEmpty) parsed.response = this.results.toResponse();
    if (this.fault !== undefined) parsed.error = flowError(this.fault);
    if (this.#gaps !== undefined) parsed.gaps = this.#gaps;
    if (isLate) parsed.joined = 'late';
    if (this.opened !== undefined) parsed.opened = this.opened;
    return parsed;
  }
}
