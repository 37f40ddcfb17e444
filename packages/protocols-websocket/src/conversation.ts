// SPDX-License-Identifier: Apache-2.0
import {
  type Direction,
  type FlowGap,
  MessageList,
  type OpenExchange,
  type ParsedExchange,
  type ParserContext,
  type UpgradedExchange,
  type WebSocketMessage,
  withGap,
} from '@flowtap/core';
import { type FaultCode, flowError, PROTOCOL_NAME } from './constants.js';
import type { FoundMessage } from './message-reader.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What becomes the flow: the handshake, and everything that was said since. */
export class Conversation {
  readonly list: MessageList<WebSocketMessage>;
  /** The first thing that went wrong. */
  fault: FaultCode | undefined = undefined;
  messagesLost = false;
  /** Of the client; what is not known is learnt from the masks. */
  requestDirection: Direction | undefined;
  opened: OpenExchange | undefined = undefined;
  readonly #context: ParserContext;
  readonly #upgraded: UpgradedExchange | undefined;
  #gaps: FlowGap[] | undefined;
  #startNs: number | undefined;
  #endNs = 0;

  constructor(context: ParserContext) {
    const { upgraded, role, limits } = context;
    this.#context = context;
    this.#upgraded = upgraded;
    this.list = new MessageList(limits.maxBodyBytes);
    this.#startNs = upgraded?.startNs;
    this.#endNs = upgraded?.endNs ?? 0;
    if (upgraded?.gaps !== undefined) this.#gaps = [...upgraded.gaps];
    if (upgraded === undefined) this.fault = 'request-not-captured';
    this.requestDirection = upgraded?.requestDirection ?? directionOf(role);
  }

  /** There is something to tell of. */
  get isKnown(): boolean {
    return this.#upgraded !== undefined || this.list.count > 0;
  }

  announce(): void {
    this.opened = this.#context.wantsUpdates ? this.#context.open(this.toParsedExchange(false)) : undefined;
    // It was announced as a request before, and keeps the id.
    this.opened ??= this.#upgraded?.opened;
  }

  begin(timestampNs: number): void {
    this.#startNs ??= timestampNs;
  }

  add(found: FoundMessage, sender: WebSocketMessage['sender'], timestampNs: number): void {
    this.#endNs = Math.max(this.#endNs, timestampNs);
    const offsetMs = Math.max(0, timestampNs - (this.#startNs ?? timestampNs)) / 1e6;
    const message: WebSocketMessage = { ...found, sender, offsetMs };
    this.list.add(message);
    this.opened?.message(message);
  }

  addGap(gap: FlowGap): void {
    this.#gaps = withGap(this.#gaps, gap);
  }

  toParsedExchange(complete: boolean): ParsedExchange {
    const upgraded = this.#upgraded;
    const startNs = this.#startNs ?? 0;
    const parsed: Writable<ParsedExchange> = {
      protocol: PROTOCOL_NAME,
      scheme: this.#context.tls ? 'wss' : 'ws',
      requestDirection: this.requestDirection ?? 'egress',
      startNs,
      endNs: Math.max(startNs, this.#endNs),
      messages: [...this.list.messages],
      messageCount: this.list.count,
      complete,
    };
    if (upgraded === undefined) {
      parsed.joined = 'late';
    } else {
      parsed.request = upgraded.request;
      parsed.response = upgraded.response;
    }
    if (this.messagesLost) parsed.messagesLost = true;
    if (this.fault !== undefined) parsed.error = flowError(this.fault);
    if (this.#gaps !== undefined) parsed.gaps = [...this.#gaps];
    const opened = this.opened ?? upgraded?.opened;
    if (opened !== undefined) parsed.opened = opened;
    return parsed;
  }
}

function directionOf(role: ParserContext['role']): Direction | undefined {
  if (role === 'unknown') return undefined;
  return role === 'client' ? 'egress' : 'ingress';
}
