// SPDX-License-Identifier: Apache-2.0
import { type FlowGap, HttpBody, type WebSocketMessage } from '@flowtap/core';
import { DEFLATE_EXTENSION, MAX_CONTROL_BYTES, Opcode } from './constants.js';
import { type FrameHeader, isControl, isLawful } from './frame-header.js';
import type { FrameListener } from './frame-reader.js';
import type { Inflater } from './inflater.js';
import { Payload } from './payload.js';

/** A message that is under way (RFC 6455 §5.4). */
interface Begun {
  readonly type: WebSocketMessage['type'];
  readonly isCompressed: boolean;
  readonly payload: Payload;
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
    this.#current?.payload.append(bytes, start, end, this.#frame?.mask, position);
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
    if (!isCompressed) return { type, content: contentOf(payload, payload.finish()) };
    const compressed = payload.finish();
    if (!this.#listener.wantsContent) {
      this.#options.inflater?.lose();
      return { type, compressed: true, content: undecoded(payload, compressed) };
    }
    const inflated = this.#options.inflater?.inflate(compressed, payload.isWhole);
    if (inflated === undefined) return { type, compressed: true, content: undecoded(payload, compressed) };
    const { bytes, isWhole } = inflated;
    const kept = bytes.subarray(0, this.#options.maxBodyBytes);
    const truncated = !isWhole || kept.length < bytes.length;
    return { type, compressed: true, content: new HttpBody({ size: bytes.length, truncated, bytes: kept }) };
  }
}

function begin(opcode: number, isCompressed: boolean, maxBytes: number): Begun {
  return { type: typeOf(opcode), isCompressed, payload: new Payload(maxBytes) };
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
  const bytes = payload.finish();
  if (type !== 'close' || bytes.length < 2) return { type, content: contentOf(payload, bytes) };
  const reason = bytes.subarray(2);
  const content = new HttpBody({ size: payload.size - 2, truncated: !payload.isWhole, bytes: reason });
  return { type, content, closeCode: bytes.readUInt16BE(0) };
}

function contentOf(payload: Payload, bytes: Buffer): HttpBody {
  return payload.size === 0 && payload.isWhole
    ? HttpBody.empty
    : new HttpBody({ size: payload.size, truncated: !payload.isWhole, bytes });
}

function undecoded(payload: Payload, bytes: Buffer): HttpBody {
  return new HttpBody({ size: payload.size, truncated: !payload.isWhole, contentEncoding: DEFLATE_EXTENSION, bytes });
}
