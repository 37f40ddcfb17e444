// SPDX-License-Identifier: Apache-2.0
import {
  type CloseReason,
  type Direction,
  type FlowGap,
  faultOfClose,
  type ParserContext,
  type ProtocolParser,
  type StreamChunk,
  type StreamGap,
} from '@flowtap/core';
import type { FaultCode } from './constants.js';
import { Conversation } from './conversation.js';
import { type Extensions, readExtensions, UNKNOWN_EXTENSIONS } from './extensions.js';
import { FrameReader } from './frame-reader.js';
import { Inflater } from './inflater.js';
import { type FoundMessage, type MessageListener, MessageReader } from './message-reader.js';

/** One direction: its frames and the messages that they make up. */
interface Side {
  readonly frames: FrameReader;
  readonly messages: MessageReader;
  /** Its Close frame was seen, after which nothing comes (RFC 6455 §5.5.1). */
  hasClosed: boolean;
}

/** The frames of two directions, and the conversation that they are. */
export class WebSocketParser implements ProtocolParser {
  readonly #context: ParserContext;
  readonly #conversation: Conversation;
  readonly #extensions: Extensions;
  readonly #joinedLate: boolean;
  readonly #ingress: Side;
  readonly #egress: Side;
  #isAnnounced = false;
  /** The connection has ended: a Close frame that it cut off is no end of the conversation. */
  #isCut = false;
  #isDone = false;

  constructor(context: ParserContext) {
    const { upgraded } = context;
    this.#context = context;
    this.#conversation = new Conversation(context);
    this.#extensions = upgraded === undefined ? UNKNOWN_EXTENSIONS : readExtensions(upgraded.response);
    this.#joinedLate = context.joinedLate;
    this.#ingress = this.#side('ingress');
    this.#egress = this.#side('egress');
    if (upgraded !== undefined) this.#announce();
  }

  data({ direction, bytes, timestampNs }: StreamChunk): void {
    this.#conversation.begin(timestampNs);
    this.#sideOf(direction).frames.feed(bytes, timestampNs);
  }

  gap(gap: StreamGap): void {
    this.#sideOf(gap.direction).frames.gap(gap);
  }

  close(reason: CloseReason, _timestampNs: number): void {
    const skipped = this.#ingress.frames.skippedBytes + this.#egress.frames.skippedBytes;
    if (skipped > 0) this.#context.count('bytes-without-frames', skipped);
    if (this.#isDone) return;
    this.#isCut = true;
    const cuts = [this.#ingress, this.#egress].map((side) => side.messages.cut());
    const hasClosed = this.#ingress.hasClosed || this.#egress.hasClosed;
    if (cuts.includes(true)) this.#conversation.fault ??= faultOf(reason, 'connection-closed');
    else if (!hasClosed || reason !== 'closed') {
      this.#conversation.fault ??= faultOf(reason, 'closed-without-close');
    }
    this.#finish();
  }

  #side(direction: Direction): Side {
    const { maxBodyBytes } = this.#context.limits;
    const { hasDeflate, client, server } = this.#extensions;
    const isClients = direction === this.#conversation.requestDirection;
    const inflater = hasDeflate ? new Inflater(isClients ? client : server) : undefined;
    const messages = new MessageReader(this.#listener(direction), this.#joinedLate, { maxBodyBytes, inflater });
    return { messages, frames: new FrameReader(direction, messages, this.#joinedLate), hasClosed: false };
  }

  #listener(direction: Direction): MessageListener {
    const conversation = this.#conversation;
    return {
      accepts: (isMasked) => this.#accepts(direction, isMasked),
      get wantsContent() {
        return conversation.list.hasRoom || conversation.opened !== undefined;
      },
      message: (message, timestampNs) => this.#message(direction, message, timestampNs),
      gap: (gap) => conversation.addGap(gap),
      lost: (gap) => this.#lost(gap),
    };
  }

  #accepts(direction: Direction, isMasked: boolean): boolean {
    const conversation = this.#conversation;
    conversation.requestDirection ??= isMasked ? direction : opposite(direction);
    return isMasked === (direction === conversation.requestDirection);
  }

  #message(direction: Direction, message: FoundMessage, timestampNs: number): void {
    if (this.#isDone) return;
    this.#announce();
    const sender = direction === this.#conversation.requestDirection ? 'client' : 'server';
    this.#conversation.add(message, sender, timestampNs);
    if (message.type !== 'close') return;
    const side = this.#sideOf(direction);
    side.hasClosed = true;
    side.frames.stop();
    if (this.#ingress.hasClosed && this.#egress.hasClosed && !this.#isCut) this.#finish();
  }

  #lost(gap: FlowGap | undefined): void {
    const conversation = this.#conversation;
    this.#context.count(gap === undefined ? 'malformed-frame' : 'resync');
    conversation.messagesLost = true;
    conversation.fault ??= gap === undefined ? 'malformed-frame' : 'gap-in-framing';
    if (gap !== undefined) conversation.addGap(gap);
  }

  #announce(): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    this.#conversation.announce();
  }

  #finish(): void {
    this.#isDone = true;
    if (!this.#conversation.isKnown) return;
    this.#context.emit(this.#conversation.toParsedExchange(this.#conversation.fault === undefined));
  }

  #sideOf(direction: Direction): Side {
    return direction === 'ingress' ? this.#ingress : this.#egress;
  }
}

function opposite(direction: Direction): Direction {
  return direction === 'ingress' ? 'egress' : 'ingress';
}

/** Why nothing more was seen. `whenClosed`: the connection itself ended. */
function faultOf(reason: CloseReason, whenClosed: FaultCode): FaultCode {
  const fault = faultOfClose(reason);
  return fault === 'capture-ended' || fault === 'connection-dropped' || fault === 'tls-started' ? fault : whenClosed;
}
