// SPDX-License-Identifier: Apache-2.0
import { type FlowGap, withGap } from '@flowtap/core';
import { type FaultCode, Type } from './constants.js';
import { lineValue } from './line-value.js';
import type { ReceivedReply } from './received.js';
import type { RedisArgument, RedisEntry, RedisError, RedisValue } from './redis-message.js';
import { Reply } from './redis-text.js';
import type { RespListener } from './resp-listener.js';
import { isCutString, keptBytes, keptText, StringCollector } from './string-collector.js';

/** What a reply costs, and each item, beside the bytes. */
const BASE_BYTES = 128;
const ITEM_BYTES = 32;

/** An aggregate that is under way. */
interface Begun {
  readonly type: number;
  /** Attributes of the aggregate itself, and of the item that comes next. */
  readonly attributes: readonly RedisEntry[] | undefined;
  next: readonly RedisEntry[] | undefined;
  readonly items: RedisValue[];
  passed: number;
  readonly announced: number | undefined;
}

export interface ReplyListener {
  reply(received: ReceivedReply): void;
  repliesLost(gap: FlowGap | undefined): void;
  /** Why a message that is under way will not come to its end. */
  faultOf(gap: FlowGap | undefined): FaultCode;
}

/** Puts the replies of a server together. Of large ones the first bytes and items are kept. */
export class ReplyBuilder implements RespListener {
  readonly #listener: ReplyListener;
  readonly #maxBytes: number;
  readonly #string = new StringCollector();
  #stringType = 0;
  #isInString = false;
  #levels: Begun[] = [];
  #startNs = 0;
  #lastNs = 0;
  #room = 0;
  #isTruncated = false;
  #gaps: FlowGap[] | undefined;
  #value: RedisValue | undefined;
  #attributes: readonly RedisEntry[] | undefined;
  #isPush = false;

  constructor(listener: ReplyListener, maxBytes: number) {
    this.#listener = listener;
    this.#maxBytes = maxBytes;
  }

  /** Time of the last byte that was seen. */
  set nowNs(timestampNs: number) {
    this.#lastNs = timestampNs;
  }

  begin(timestampNs: number): void {
    this.#startNs = timestampNs;
    this.#reset();
  }

  open(type: number, items: number | undefined): void {
    const top = this.#levels.at(-1);
    if (top === undefined && type === Type.PUSH) this.#isPush = true;
    const attributes = type === Type.ATTRIBUTE ? undefined : top?.next;
    if (top !== undefined && type !== Type.ATTRIBUTE) top.next = undefined;
    this.#levels.push({ type, attributes, next: undefined, items: [], passed: 0, announced: items });
  }

  close(): void {
    const begun = this.#levels.pop();
    if (begun === undefined) return;
    if (begun.type !== Type.ATTRIBUTE) {
      this.#add(annotated(aggregateOf(begun), begun.attributes), 0);
      return;
    }
    const top = this.#levels.at(-1);
    if (top === undefined) this.#attributes = entriesOf(begun.items);
    else top.next = entriesOf(begun.items);
  }

  scalar(type: number, text: string): void {
    this.#addItem(lineValue(type, text), 0);
  }

  stringBegin(type: number, length: number | undefined): void {
    this.#isInString = true;
    this.#stringType = type;
    this.#string.begin(length, this.#room);
  }

  stringPart(bytes: Buffer, start: number, end: number): void {
    this.#string.append(bytes, start, end);
  }

  stringGap(gap: FlowGap): void {
    this.#string.skip(gap.bytes);
    this.#gaps = withGap(this.#gaps, gap);
  }

  stringEnd(): void {
    this.#endString(false);
  }

  inline(): boolean {
    return false;
  }

  end(size: number, timestampNs: number): void {
    this.#hand(size, timestampNs, undefined);
  }

  lost(gap: FlowGap | undefined, size: number): void {
    const isUnderWay = this.#isInString || this.#levels.length > 0;
    if (this.#isInString) this.#endString(true);
    while (this.#levels.length > 0) this.close();
    if (isUnderWay) {
      this.#isTruncated = true;
      if (gap !== undefined) this.#gaps = withGap(this.#gaps, gap);
      this.#hand(size, this.#lastNs, this.#listener.faultOf(gap));
    }
    this.#reset();
    this.#listener.repliesLost(gap);
  }

  #endString(isCut: boolean): void {
    this.#isInString = false;
    const text = this.#string.finish(isCut);
    if (isCutString(text)) this.#isTruncated = true;
    this.#addItem(stringValue(this.#stringType, text), keptBytes(text));
  }

  #addItem(value: RedisValue, bytes: number): void {
    const top = this.#levels.at(-1);
    const attributes = top?.next;
    if (top !== undefined) top.next = undefined;
    this.#add(annotated(value, attributes), bytes);
  }

  #add(value: RedisValue, bytes: number): void {
    const top = this.#levels.at(-1);
    if (top === undefined) {
      this.#value = value;
      this.#room -= bytes;
      return;
    }
    top.passed += 1;
    if (this.#room <= 0) {
      this.#isTruncated = true;
      return;
    }
    top.items.push(value);
    this.#room -= bytes + ITEM_BYTES;
  }

  #hand(size: number, endNs: number, fault: FaultCode | undefined): void {
    const value = this.#value;
    const error = errorOf(value);
    const init = {
      ...(error === undefined ? (value === undefined ? {} : { value }) : { error }),
      ...(this.#attributes === undefined ? {} : { attributes: this.#attributes }),
      size,
      heldBytes: BASE_BYTES + this.#maxBytes - this.#room,
      ...(this.#isTruncated ? { truncated: true as const } : {}),
    };
    const reply = new Reply(init);
    const received = { reply, isPush: this.#isPush, startNs: this.#startNs, endNs, gaps: this.#gaps, fault };
    this.#reset();
    this.#listener.reply(received);
  }

  #reset(): void {
    this.#isInString = false;
    this.#levels = [];
    this.#room = this.#maxBytes;
    this.#isTruncated = false;
    this.#gaps = undefined;
    this.#value = undefined;
    this.#attributes = undefined;
    this.#isPush = false;
  }
}

function annotated(value: RedisValue, attributes: readonly RedisEntry[] | undefined): RedisValue {
  return attributes === undefined ? value : { type: 'attributed', attributes, value };
}

function aggregateOf({ type, items, passed, announced = passed }: Begun): RedisValue {
  switch (type) {
    case Type.MAP:
      return { type: 'map', count: Math.floor(announced / 2), entries: entriesOf(items) };
    case Type.SET:
      return { type: 'set', count: announced, items };
    default:
      // A push is told apart by where it comes; its items are what matters.
      return items.length === announced ? items : { type: 'array', count: announced, items };
  }
}

function entriesOf(items: readonly RedisValue[]): readonly RedisEntry[] {
  return Array.from({ length: items.length >> 1 }, (_, i) => [items[2 * i] ?? null, items[2 * i + 1] ?? null]);
}

function stringValue(type: number, text: RedisArgument): RedisValue {
  switch (type) {
    case Type.ERROR:
    case Type.BULK_ERROR: {
      const message = keptText(text);
      return { type: 'error', code: /^\S*/.exec(message)?.[0] ?? '', message };
    }
    case Type.BIG_NUMBER:
      return typeof text === 'string' && /^[+-]?\d{1,1000}$/.test(text) ? BigInt(text) : text;
    case Type.VERBATIM:
      return typeof text === 'string' && text.charAt(3) === ':'
        ? { type: 'verbatim', format: text.slice(0, 3), text: text.slice(4) }
        : text;
    default:
      return text;
  }
}

/** An error that is the whole reply. */
function errorOf(value: RedisValue | undefined): RedisError | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'error') return undefined;
  const { code, message } = value;
  return { code, message };
}
