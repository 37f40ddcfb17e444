// SPDX-License-Identifier: Apache-2.0
import type { MessageDescription } from '@flowtap/core';
import type {
  RedisArgument,
  RedisCommand,
  RedisEntry,
  RedisError,
  RedisReply,
  RedisString,
  RedisValue,
} from './redis-message.js';

/** Characters of a summary: it is one line among others. */
const MAX_SUMMARY = 120;
const MAX_SHOWN_ITEMS = 8;

interface CommandInit extends Omit<RedisCommand, 'kind' | 'inline'> {
  readonly isInline: boolean;
  readonly heldBytes: number;
}

interface ReplyInit extends Omit<RedisReply, 'kind'> {
  readonly heldBytes: number;
}

/** `summary` is on the prototype: it is for people, and no part of the JSON. */
export class Command implements RedisCommand, MessageDescription {
  readonly kind = 'redis';
  readonly command: string;
  readonly arguments: readonly RedisArgument[];
  readonly argumentCount: number;
  readonly size: number;
  readonly inline?: true;
  readonly #heldBytes: number;

  constructor(init: CommandInit) {
    this.command = init.command;
    this.arguments = init.arguments;
    this.argumentCount = init.argumentCount;
    this.size = init.size;
    if (init.isInline) this.inline = true;
    this.#heldBytes = init.heldBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get summary(): string {
    const words = [this.command, ...this.arguments.slice(0, MAX_SHOWN_ITEMS).map(wordOf)];
    if (this.argumentCount > Math.min(this.arguments.length, MAX_SHOWN_ITEMS)) words.push('…');
    return shortened(words.join(' '));
  }
}

export class Reply implements RedisReply, MessageDescription {
  readonly kind = 'redis';
  readonly value?: RedisValue;
  readonly error?: RedisError;
  readonly attributes?: readonly RedisEntry[];
  readonly size: number;
  readonly truncated?: true;
  readonly #heldBytes: number;

  constructor(init: ReplyInit) {
    if (init.value !== undefined) this.value = init.value;
    if (init.error !== undefined) this.error = init.error;
    if (init.attributes !== undefined) this.attributes = init.attributes;
    this.size = init.size;
    if (init.truncated !== undefined) this.truncated = true;
    this.#heldBytes = init.heldBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The same reply with another value. */
  withValue(value: RedisValue): Reply {
    const { error, attributes, size, truncated, heldBytes } = this;
    return new Reply({
      value,
      size,
      heldBytes,
      ...(error === undefined ? {} : { error }),
      ...(attributes === undefined ? {} : { attributes }),
      ...(truncated === undefined ? {} : { truncated }),
    });
  }

  get summary(): string {
    if (this.error !== undefined) return shortened(this.error.message);
    return this.value === undefined ? '' : shortened(valueText(this.value));
  }

  get isFailure(): boolean {
    return this.error !== undefined;
  }
}

/** As one would type it: quotes where a word has blanks or is empty. */
function wordOf(argument: RedisArgument): string {
  if (typeof argument === 'string') return /^[^\s"'\\]+$/.test(argument) ? argument : quoted(argument);
  return valueText(argument);
}

function valueText(value: RedisValue): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  if (value === null) return '(nil)';
  if (value instanceof Uint8Array) return bytesText(value.length);
  if (!('type' in value)) return listText('[', value, value.length, ']');
  switch (value.type) {
    case 'cut':
      return cutText(value.kept, value.size);
    case 'double':
      return value.text;
    case 'verbatim':
      return valueText(value.text);
    case 'error':
      return value.message;
    case 'attributed':
      return valueText(value.value);
    case 'map':
      return mapText(value.entries, value.count);
    default:
      return listText('[', value.items, value.count, ']');
  }
}

function listText(open: string, items: readonly RedisValue[], count: number, close: string): string {
  const shown = items.slice(0, MAX_SHOWN_ITEMS).map(valueText);
  if (count > shown.length) shown.push(`… ${count} in all`);
  return open + shown.join(', ') + close;
}

function mapText(entries: readonly RedisEntry[], count: number): string {
  const shown = entries.slice(0, MAX_SHOWN_ITEMS).map(([key, value]) => `${valueText(key)}: ${valueText(value)}`);
  if (count > shown.length) shown.push(`… ${count} in all`);
  return `{${shown.join(', ')}}`;
}

function cutText(kept: RedisString, size: number): string {
  return typeof kept === 'string' ? `${quoted(kept)}… of ${size} B` : bytesText(size);
}

function bytesText(size: number): string {
  return `(${size} B)`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_SUMMARY ? text.slice(0, MAX_SUMMARY) : text);
}

function shortened(text: string): string {
  return text.length > MAX_SUMMARY ? `${text.slice(0, MAX_SUMMARY)}…` : text;
}
