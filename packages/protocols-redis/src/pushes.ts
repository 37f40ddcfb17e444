// SPDX-License-Identifier: Apache-2.0
import type { Direction, FlowGap, ParserContext } from '@flowtap/core';
import type { FaultCode } from './constants.js';
import type { Exchange } from './exchange.js';
import type { JoinedLate } from './joined-late.js';
import type { Pairing } from './pairing.js';
import { isChannelMessage, isMonitorLine, type Push, readMonitorLine, readPush } from './push.js';
import { PushStream } from './push-stream.js';
import type { ReceivedReply } from './received.js';
import { confirmationOf } from './subscriptions.js';

/** Tells what a server pushes from its replies. One connection has one stream of pushes at a time. */
export class Pushes {
  readonly #context: ParserContext;
  readonly #requestDirection: Direction;
  readonly #pairing: Pairing;
  readonly #late: JoinedLate;
  #stream: PushStream | undefined;
  #isMonitoring = false;

  constructor(context: ParserContext, requestDirection: Direction, pairing: Pairing, late: JoinedLate) {
    this.#context = context;
    this.#requestDirection = requestDirection;
    this.#pairing = pairing;
    this.#late = late;
  }

  /** True when the message is none that answers a command. */
  take(received: ReceivedReply): boolean {
    const confirmation = confirmationOf(received.reply);
    if (confirmation !== undefined) {
      if (this.#pairing.expects(confirmation.kind)) return false;
      if (!received.isPush && this.#stream === undefined) return false;
      this.#pairing.subscriptions.note(confirmation);
    }
    const push = this.#pushOf(received, confirmation !== undefined);
    if (push === undefined) return false;
    const { startNs, endNs } = received;
    this.#stream ??= new PushStream(this.#context, this.#requestDirection, { startNs, late: this.#late });
    this.#stream.add(push, endNs);
    if (confirmation !== undefined) this.#endIfUnsubscribed();
    return true;
  }

  /** The first confirmation of a command: from now on messages can come. */
  confirmed(exchange: Exchange): void {
    const subscribes = exchange.confirmedBy?.includes('unsub') === false;
    if (subscribes) this.#stream ??= this.#begin(exchange);
  }

  /** Whether the exchange, which is complete, goes on as the stream that it began. */
  begins(exchange: Exchange): boolean {
    if (exchange.words[0] === 'MONITOR' && exchange.reply?.reply.value === 'OK') {
      this.#isMonitoring = true;
      this.#stream ??= this.#begin(exchange);
    }
    return this.#stream !== undefined && this.#stream.exchange === exchange;
  }

  /** A command was answered, which may end the stream. */
  afterReply(exchange: Exchange): void {
    const isReset = exchange.words[0] === 'RESET' && exchange.reply?.reply.value === 'RESET';
    if (isReset) {
      this.#isMonitoring = false;
      this.#pairing.subscriptions.reset();
    }
    if (isReset || exchange.confirmedBy !== undefined) this.#endIfUnsubscribed();
  }

  lose(gap: FlowGap | undefined): void {
    this.#stream?.lose(gap);
  }

  end(fault: FaultCode | undefined): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) this.#context.emit(stream.finish(fault));
  }

  #begin(exchange: Exchange): PushStream {
    return new PushStream(this.#context, this.#requestDirection, {
      exchange,
      startNs: exchange.startNs,
      late: this.#late,
    });
  }

  #endIfUnsubscribed(): void {
    if (!this.#isMonitoring && this.#pairing.subscriptions.isEmpty) this.end(undefined);
  }

  #pushOf({ reply, isPush }: ReceivedReply, isConfirmation: boolean): Push | undefined {
    if (isPush || isConfirmation) return readPush(reply);
    // In RESP2 these have the form of replies: they are pushes where such can come.
    const canBe = this.#stream !== undefined || (this.#late.value && this.#pairing.isIdle);
    if (canBe && isChannelMessage(reply)) return readPush(reply);
    const canBeMonitor = this.#isMonitoring || (this.#late.value && this.#pairing.isIdle);
    return canBeMonitor && isMonitorLine(reply) ? readMonitorLine(reply) : undefined;
  }
}
