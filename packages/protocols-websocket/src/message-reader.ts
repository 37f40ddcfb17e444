// SPDX-License-Identifier: Apache-2.0
import { BodyCollector, type FlowGap, HttpBody, type WebSocketMessage } from '@flowtap/core';
import { DEFLATE_EXTENSION, MAX_CONTROL_BYTES, Opcode } from './constants.js';
import { type FrameHeader, isControl, isLawful } from './frame-header.js';
import type { FrameListener } from './frame-reader.js';
import type { Inflater } from './inflater.js';
import { unmasked } from './mask.js';

/** A message that is under way (RFC 6455 §5.4). */
interface Begun {
  readonly type: WebSocketMessage['type'];
  readonly isCompressed: boolean;
  /** Without masks. */
  readonly payload: BodyCollector;
}

/** What a reader finds: a message without its time. */
export type FoundMessage = Omit<WebSocketMessage, 'offsetMs' | 'sender'>;

export interface MessageListener {
  /** Whether frames of this direction can have a mask of that kind: clients mask, servers do not (RFC 6455 §5.1). */
  accepts(isMasked: boolean): boolean;
  /** Somebody wants the content of messages. */
  readonly wantsContent: boolean;
  message(message: FoundMessage, timestampNs: number): void;
  gap(gap: FlowGap): void;
  lost(gap: FlowGap | undefined): void;
}

export interface MessageReaderOptions {
  readonly maxBodyBytes: number;
  /** Undefined: no message can be compressed. */
  readonly inflater: Inflater | undefined;
}

/** Puts the messages of one direction together from its frames; control frames may come between (RFC 6455 §5.4). */
export class MessageReader implements FrameListener {
  readonly #listener: MessageListener;
  readonly #options: MessageReaderOptions;
  #message: Begun | undefined;
  #control: Begun | undefined;
  /** The frame that is under way: a fragment of `#message`, or `#control`, or of a message whose beginning was missed. */
  #frame: FrameHeader | undefined;
  #current: Begun | undefined;
  /** The rest of a message whose beginning was missed may come. */
  #mayMissStart: boolean;
  #lastNs = 0;

  constructor(listener: MessageListener, joinedLate: boolean, options: MessageReaderOptions) {
    this.#listener = listener;
    this.#mayMissStart = joinedLate;
    this.#options = options;
  }

  frame(header: FrameHeader, timestampNs: number): boolean {
    const { opcode, rsv1 } = header;
    this.#lastNs = timestampNs;
    if (!isLawful(header) || !this.#listener.accepts(header.mask !== undefined)) return false;
    if (rsv1 && this.#options.inflater === undefined) return false;
    if (isControl(opcode)) {
      this.#control = this.#current = begin(opcode, false, MAX_CONTROL_BYTES);
    } else if (opcode === Opcode.CONTINUATION) {
      if (this.#message === undefined && !this.#mayMissStart) return false;
      this.#current = this.#message;
    } else {
      if (this.#message !== undefined) return false;
      this.#mayMissStart = false;
      this.#message = this.#current = begin(opcode, rsv1, this.#options.maxBodyBytes);
    }
    this.#frame = header;
    return true;
  }

  payload(bytes: Buffer, start: number, end: number, position: number): void {
    const mask = this.#frame?.mask;
    const payload = this.#current?.payload;
    if (payload === undefined) return;
    // What is not kept needs no unmasking.
    if (mask === undefined || payload.size >= this.#options.maxBodyBytes) payload.append(bytes, start, end);
    else payload.append(unmasked(bytes, start, end, mask, position), 0, end - start);
  }

  payloadGap(gap: FlowGap): void {
    this.#current?.payload.skip(gap.bytes);
    this.#listener.gap(gap);
  }

  frameEnd(timestampNs: number): void {
    const { isFinal = false, opcode = 0 } = this.#frame ?? {};
    const current = this.#current;
    this.#lastNs = timestampNs;
    this.#frame = undefined;
    this.#current = undefined;
    if (isControl(opcode)) {
      this.#control = undefined;
      if (current !== undefined) this.#listener.message(controlMessage(current), timestampNs);
      return;
    }
    if (!isFinal) return;
    this.#mayMissStart = false;
    this.#message = undefined;
    if (current !== undefined) this.#listener.message(this.#dataMessage(current), timestampNs);
  }

  lost(gap: FlowGap | undefined): void {
    this.cut();
    this.#mayMissStart = true;
    this.#options.inflater?.lose();
    this.#listener.lost(gap);
  }

  /** No more of what is under way will come. True when something was. */
  cut(): boolean {
    const begun = [this.#message, this.#control].filter((one) => one !== undefined);
    this.#message = undefined;
    this.#control = undefined;
    this.#current = undefined;
    this.#frame = undefined;
    for (const one of begun) {
      one.payload.cut();
      this.#listener.message(
        one.type === 'text' || one.type === 'binary' ? this.#dataMessage(one) : controlMessage(one),
        this.#lastNs,
      );
    }
    return begun.length > 0;
  }

  #dataMessage({ type, isCompressed, payload }: Begun): FoundMessage {
    if (!isCompressed) return { type, content: payload.finish(undefined, false) };
    const asSent = payload.finish(DEFLATE_EXTENSION, false);
    const { inflater, maxBodyBytes } = this.#options;
    if (!this.#listener.wantsContent) inflater?.lose();
    const inflated = this.#listener.wantsContent ? inflater?.inflate(asSent.bytes, !asSent.truncated) : undefined;
    if (inflated === undefined) return { type, compressed: true, content: asSent };
    const { bytes, isWhole } = inflated;
    const kept = bytes.subarray(0, maxBodyBytes);
    const truncated = !isWhole || kept.length < bytes.length;
    return { type, compressed: true, content: new HttpBody({ size: bytes.length, truncated, bytes: kept }) };
  }
}

function begin(opcode: number, isCompressed: boolean, maxBytes: number): Begun {
  return { type: typeOf(opcode), isCompressed, payload: new BodyCollector(maxBytes, 0) };
}

function typeOf(opcode: number): WebSocketMessage['type'] {
  switch (opcode) {
    case Opcode.TEXT:
      return 'text';
    case Opcode.CLOSE:
      return 'close';
    case Opcode.PING:
      return 'ping';
    case Opcode.PONG:
      return 'pong';
    default:
      return 'binary';
  }
}

/** RFC 6455 §5.5.1: a Close frame may begin with a code of two bytes. */
function controlMessage({ type, payload }: Begun): FoundMessage {
  const content = payload.finish(undefined, false);
  const { size, truncated, bytes } = content;
  if (type !== 'close' || bytes.length < 2) return { type, content };
  const reason = new HttpBody({ size: size - 2, truncated, bytes: bytes.subarray(2) });
  return { type, content: reason, closeCode: bytes.readUInt16BE(0) };
}
