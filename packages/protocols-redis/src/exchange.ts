// SPDX-License-Identifier: Apache-2.0
import { type Direction, type FlowGap, type OpenExchange, type ParsedExchange, withGap } from '@flowtap/core';
import { Confirmations } from './confirmations.js';
import { type FaultCode, flowError, PROTOCOL_NAME } from './constants.js';
import type { ReceivedCommand, ReceivedReply } from './received.js';
import { withoutSecrets } from './reply-secrets.js';
import { type SubscriptionKind, subscriptionKindOf } from './subscriptions.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What is on its way to become a flow: a command and its reply. Either may be missing, then `fault` says why. */
export class Exchange {
  readonly command: ReceivedCommand | undefined;
  fault: FaultCode | undefined = undefined;
  /** Bytes outside of the two messages that were not captured and may have held the missing one. */
  gaps: FlowGap[] | undefined = undefined;
  /** Where the command is answered by confirmations: of which kind, and how many are to come; undefined: all that there are. */
  readonly confirmedBy: SubscriptionKind | undefined;
  confirmationsLeft: number | undefined;
  #reply: ReceivedReply | undefined;
  #confirmations: Confirmations | undefined;

  constructor(command: ReceivedCommand | undefined, reply?: ReceivedReply) {
    this.command = command;
    this.#reply = reply;
    this.confirmedBy = subscriptionKindOf(command?.words[0]);
    const count = command?.command.argumentCount ?? 0;
    this.confirmationsLeft = count === 0 ? undefined : count;
  }

  get startNs(): number {
    return this.command?.startNs ?? this.reply?.startNs ?? 0;
  }

  get words(): readonly string[] {
    return this.command?.words ?? [];
  }

  /** Bytes that the command holds while it waits. */
  get heldBytes(): number {
    return this.command?.command.heldBytes ?? 0;
  }

  /** All confirmations so far are one reply. */
  get reply(): ReceivedReply | undefined {
    return this.#confirmations?.toReply() ?? this.#reply;
  }

  set reply(reply: ReceivedReply | undefined) {
    this.#reply = reply;
  }

  get isConfirmed(): boolean {
    return this.#confirmations !== undefined;
  }

  confirm(received: ReceivedReply, maxBytes: number): void {
    this.#confirmations ??= new Confirmations(maxBytes);
    this.#confirmations.add(received);
  }

  toParsedExchange(requestDirection: Direction, isLate: boolean, opened?: OpenExchange): ParsedExchange {
    const { command, reply } = this;
    const fault = command?.fault ?? reply?.fault ?? this.fault;
    const parsed: Writable<ParsedExchange> = {
      protocol: PROTOCOL_NAME,
      scheme: PROTOCOL_NAME,
      requestDirection,
      startNs: this.startNs,
      endNs: Math.max(this.startNs, command?.endNs ?? 0, reply?.endNs ?? 0),
      complete: fault === undefined || fault === 'reply-off',
    };
    if (command !== undefined) parsed.request = command.command;
    if (reply !== undefined) parsed.response = withoutSecrets(reply.reply, command?.words);
    if (isLate) parsed.joined = 'late';
    if (fault !== undefined) parsed.error = flowError(fault);
    const gaps = this.#allGaps();
    if (gaps !== undefined) parsed.gaps = gaps;
    if (opened !== undefined) parsed.opened = opened;
    return parsed;
  }

  #allGaps(): FlowGap[] | undefined {
    let gaps: FlowGap[] | undefined;
    for (const gap of [...(this.command?.gaps ?? []), ...(this.reply?.gaps ?? []), ...(this.gaps ?? [])]) {
      gaps = withGap(gaps, gap);
    }
    return gaps;
  }
}
