// SPDX-License-Identifier: Apache-2.0
import {
  type CloseReason,
  type Direction,
  EventStreamReader,
  faultOfClose,
  isEventStream,
  type ParsedExchange,
  type ParserContext,
  type ProtocolParser,
  type StreamChunk,
  type StreamGap,
} from '@flowtap/core';
import { MAX_HELD_BYTES } from './constants.js';
import { type Exchange, toOpening, toParsedExchange } from './exchange.js';
import { type Answer, ExchangeQueue } from './exchange-queue.js';
import { orphanFraming, requestFraming, responseFraming } from './framing.js';
import { makeHandover, switchesProtocol } from './handover.js';
import type { Message } from './message.js';
import { MessageReader } from './message-reader.js';
import type { HeadVerdict, Loss, ReaderListener } from './reader-events.js';
import { Side } from './side.js';

/** Two readers, one per direction, and the queue that pairs what they find. */
export class Http1Parser implements ProtocolParser, ReaderListener {
  readonly #context: ParserContext;
  readonly #ingress: Side;
  readonly #egress: Side;
  readonly #queue: ExchangeQueue;
  readonly #scheme: string;
  /** Learnt from the first start line. */
  #requests: Side | undefined;
  #responses: Side | undefined;
  /** Where the request asked for another protocol: the request direction pauses until this one is answered. */
  #switchAsked: Exchange | undefined;
  /** The response that ended HTTP/1 here. */
  #switchedBy: Message | undefined;
  #switching: ParsedExchange | undefined;
  /** The bytes held have to go: what is missing is not waited for any longer. */
  #forces = false;
  #isClosing = false;
  #checksBeginning: boolean;

  constructor(context: ParserContext) {
    const { limits, joinedLate, role } = context;
    const side = (direction: Direction) =>
      new Side(new MessageReader({ direction, listener: this, joinedLate, ...limits }));
    this.#context = context;
    this.#scheme = context.tls ? 'https' : 'http';
    this.#ingress = side('ingress');
    this.#egress = side('egress');
    this.#checksBeginning = joinedLate && !context.connection.joinedLate;
    this.#queue = new ExchangeQueue({
      maxPendingExchanges: limits.maxPendingExchanges,
      joinedLate,
      release: (exchange) => this.#emit(exchange),
      count: (code) => context.count(code),
    });
    if (role === 'unknown') return;
    // Only where a start line has to be searched for: there the role keeps quoted ones in bodies from being believed.
    this.#egress.reader.expect(role === 'client' ? 'request' : 'response');
    this.#ingress.reader.expect(role === 'client' ? 'response' : 'request');
  }

  data(chunk: StreamChunk): void {
    if (this.#switchedBy !== undefined) return;
    const side = chunk.direction === 'ingress' ? this.#ingress : this.#egress;
    if (side.firstOffset === -1) side.firstOffset = chunk.offset;
    if (side.isHolding) {
      side.held.addChunk(chunk, 0);
    } else {
      const consumed = side.take(chunk);
      if (consumed < chunk.bytes.length) side.held.addChunk(chunk, consumed);
    }
    if (this.#ingress.isHolding || this.#egress.isHolding || this.#switchedBy !== undefined) this.#advance();
  }

  gap(gap: StreamGap): void {
    if (this.#switchedBy !== undefined) return;
    const side = gap.direction === 'ingress' ? this.#ingress : this.#egress;
    if (side.firstOffset === -1) side.firstOffset = gap.offset;
    if (side.isHolding) side.held.addGap(gap);
    else side.skip(gap);
    this.#advance();
  }

  close(reason: CloseReason, _timestampNs: number): void {
    this.#isClosing = true;
    if (this.#switchedBy === undefined) {
      this.#forces = true;
      this.#advance();
    }
    const fault = faultOfClose(reason);
    const cutFault = fault === 'no-response' ? 'connection-closed' : fault;
    const wasClosed = reason === 'closed';
    this.#requests?.reader.close(cutFault, wasClosed);
    this.#responses?.reader.close(cutFault, wasClosed);
    this.#queue.close(fault);
  }

  head(reader: MessageReader, message: Message): HeadVerdict {
    const { head } = message;
    if (!this.#fits(reader, message)) {
      this.lost(reader, { gap: undefined, hidesStart: false });
      return 'refuse';
    }
    if (head.start.kind === 'request') {
      this.#addRequest(message);
      return requestFraming(head);
    }
    const { status } = head.start;
    if (isInterim(message)) return responseFraming(head, status, undefined);
    this.#checkBeginning();
    let answer = this.#answer(reader, message);
    if (answer === 'wait' && this.#forces) answer = this.#queue.unsolicited(message);
    if (answer === 'wait' || answer === 'refuse') return answer;
    // A response that begins before its request has ended may stream.
    this.#announce(answer);
    this.#readEvents(message);
    const isKnown = answer.request !== undefined && !answer.isTentative;
    return isKnown ? responseFraming(head, status, answer.method) : orphanFraming(head, status);
  }

  partialHead(reader: MessageReader, message: Message): 'taken' | 'refuse' {
    if (!this.#fits(reader, message)) return 'refuse';
    if (message.head.start.kind === 'request') {
      this.#addRequest(message);
      return 'taken';
    }
    if (isInterim(message)) return 'taken';
    const answer = this.#answer(reader, message);
    if (answer === 'refuse') return 'refuse';
    if (answer === 'wait') this.#queue.unsolicited(message);
    return 'taken';
  }

  end(reader: MessageReader, message: Message): void {
    const { exchange } = message;
    if (exchange === undefined) return;
    if (reader === this.#requests?.reader) {
      if (exchange.awaitsResponse) this.#announce(exchange);
      if (exchange.asksForSwitch && exchange.awaitsResponse) {
        this.#switchAsked = exchange;
        reader.pause();
      }
    } else if (message.complete && switchesProtocol(exchange, message)) {
      this.#switchedBy = message;
      this.#requests?.reader.close('protocol-switched', false);
      reader.stop();
    }
    this.#queue.settle(exchange);
  }

  lost(reader: MessageReader, loss: Loss): void {
    const side = reader === this.#ingress.reader ? this.#ingress : this.#egress;
    if (!side.isLost) this.#context.count('resync');
    side.isLost = true;
    // Before the first start line it is open which direction this is.
    if (this.#requests === undefined) {
      side.addEarlyLoss(loss);
      (side === this.#ingress ? this.#egress : this.#ingress).reader.mark();
    } else if (side === this.#requests) {
      this.#queue.loseRequests(loss.gap, loss.hidesStart);
    } else {
      this.#requests.reader.mark();
      this.#queue.loseResponses(loss.gap);
    }
  }

  #answer(reader: MessageReader, message: Message): Answer {
    const isRequestUnderWay = this.#isRequestUnderWay;
    if (isRequestUnderWay) this.#requests?.reader.mark();
    return this.#queue.answer(message, { isResyncing: reader.isResyncing, isRequestUnderWay });
  }

  /** A request may have begun of which the queue has not heard. */
  get #isRequestUnderWay(): boolean {
    return this.#requests?.reader.isInHead === true || this.#requests?.held.isEmpty === false;
  }

  #addRequest(message: Message): void {
    const responses = this.#responses?.reader;
    responses?.mark();
    this.#queue.addRequest(message, responses?.isAtRest === true);
  }

  /** Goes on with what is held, as far as each direction now explains the other. */
  #advance(): void {
    while (this.#switchedBy === undefined && (this.#resume(this.#ingress) || this.#resume(this.#egress)));
    if (this.#switchedBy !== undefined) {
      this.#context.handover(makeHandover(this.#ingress, this.#egress, this.#switchedBy, this.#switching));
    } else if (this.#ingress.held.byteLength > MAX_HELD_BYTES || this.#egress.held.byteLength > MAX_HELD_BYTES) {
      this.#forces = true;
      this.#context.count('held-too-long');
      while (this.#switchedBy === undefined && (this.#resume(this.#ingress) || this.#resume(this.#egress)));
      this.#forces = false;
    }
  }

  /** True when the side got further. */
  #resume(side: Side): boolean {
    if (!side.isHolding || side.reader.isStopped) return false;
    if (side.reader.isPaused) {
      if (side === this.#requests && this.#switchAsked?.awaitsResponse === true && !this.#forces) return false;
      side.reader.resume();
      if (side.reader.isPaused) return false;
    }
    side.drain();
    return true;
  }

  /** Learns from the first start line which direction carries the requests; later ones must agree. */
  #fits(reader: MessageReader, message: Message): boolean {
    const { kind } = message.head.start;
    if (this.#requests === undefined || this.#responses === undefined) {
      const isIngress = reader === this.#ingress.reader;
      this.#requests = isIngress === (kind === 'request') ? this.#ingress : this.#egress;
      this.#responses = this.#requests === this.#ingress ? this.#egress : this.#ingress;
      this.#requests.reader.expect('request');
      this.#responses.reader.expect('response');
      for (const { gap, hidesStart } of this.#requests.takeEarlyLosses()) this.#queue.loseRequests(gap, hidesStart);
      for (const { gap } of this.#responses.takeEarlyLosses()) this.#queue.loseResponses(gap);
    }
    const isRight = (reader === this.#requests.reader) === (kind === 'request');
    if (isRight) (kind === 'request' ? this.#requests : this.#responses).isLost = false;
    return isRight;
  }

  /** Offsets tell whether a stream that looks joined late only lost its first requests: the first response is at 0. */
  #checkBeginning(): void {
    if (!this.#checksBeginning || this.#requests === undefined || this.#responses === undefined) return;
    this.#checksBeginning = false;
    const { firstOffset } = this.#requests;
    if (this.#responses.firstOffset === 0 && firstOffset > 0) this.#queue.loseBeginning(firstOffset);
  }

  #readEvents(message: Message): void {
    const { contentType, contentEncoding } = message.head;
    if (contentEncoding !== undefined || !isEventStream(contentType)) return;
    message.events = new EventStreamReader({
      startNs: message.exchange?.startNs ?? message.startNs,
      maxBytes: this.#context.limits.maxBodyBytes,
      onEvent: (event) => {
        // Which exchange it belongs to may still change.
        if (message.exchange?.isTentative === false) message.exchange.opened?.message(event);
      },
    });
  }

  #announce(exchange: Exchange): void {
    if (exchange.wasAnnounced || this.#isClosing || !this.#context.wantsUpdates) return;
    const opening = toOpening(exchange, this.#scheme, this.#requestDirection);
    if (opening === undefined) return;
    exchange.wasAnnounced = true;
    exchange.opened = this.#context.open(opening);
  }

  #emit(exchange: Exchange): void {
    const parsed = toParsedExchange(exchange, this.#scheme, this.#requestDirection);
    if (this.#switchedBy !== undefined && exchange.response === this.#switchedBy) this.#switching = parsed;
    else this.#context.emit(parsed);
  }

  get #requestDirection(): Direction {
    return this.#requests?.reader.direction ?? 'egress';
  }
}

/** RFC 9110 §15.2: the final response is still to come. A 101 that names the new protocol is one itself. */
function isInterim({ head }: Message): boolean {
  if (head.start.kind !== 'response' || head.start.status >= 200) return false;
  return head.start.status !== 101 || head.upgrade === undefined;
}
