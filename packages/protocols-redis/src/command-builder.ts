// SPDX-License-Identifier: Apache-2.0
import { type FlowGap, withGap } from '@flowtap/core';
import type { FaultCode } from './constants.js';
import { splitWords } from './inline-command.js';
import type { ReceivedCommand } from './received.js';
import type { RedisArgument } from './redis-message.js';
import { Command } from './redis-text.js';
import type { RespListener } from './resp-listener.js';
import { withoutPasswords } from './secrets.js';
import { isCutString, keptBytes, keptText, StringCollector } from './string-collector.js';

/** What a command costs, and each of its arguments, beside their bytes. */
const BASE_BYTES = 128;
const ITEM_BYTES = 32;
/** The name is kept in any case, and so is what tells a command's effect. */
const WORD_BYTES = 32;
const WORDS = 3;

export interface CommandListener {
  commandBegins(timestampNs: number): void;
  command(received: ReceivedCommand): void;
  commandsLost(gap: FlowGap | undefined): void;
  /** Why a message that is under way will not come to its end. */
  faultOf(gap: FlowGap | undefined): FaultCode;
}

/** Puts the commands of a client together. */
export class CommandBuilder implements RespListener {
  readonly #listener: CommandListener;
  readonly #maxBytes: number;
  readonly #string = new StringCollector();
  #isInString = false;
  #startNs = 0;
  #lastNs = 0;
  #announced = 0;
  #passed = 0;
  #room = 0;
  #strings: RedisArgument[] = [];
  #words: string[] = [];
  #isInline = false;
  #gaps: FlowGap[] | undefined;

  constructor(listener: CommandListener, maxBytes: number) {
    this.#listener = listener;
    this.#maxBytes = maxBytes;
  }

  begin(timestampNs: number): void {
    this.#startNs = timestampNs;
    this.#reset();
    this.#listener.commandBegins(timestampNs);
  }

  open(_type: number, items: number | undefined): void {
    this.#announced = items ?? 0;
  }

  close(): void {}

  scalar(): void {}

  stringBegin(_type: number, length: number | undefined): void {
    this.#isInString = true;
    const least = this.#passed < WORDS ? WORD_BYTES : 0;
    this.#string.begin(length, Math.max(this.#room, least));
  }

  stringPart(bytes: Buffer, start: number, end: number): void {
    this.#string.append(bytes, start, end);
  }

  stringGap(gap: FlowGap): void {
    this.#string.skip(gap.bytes);
    this.#gaps = withGap(this.#gaps, gap);
  }

  stringEnd(): void {
    this.#isInString = false;
    this.#add(this.#string.finish(false));
  }

  inline(line: string): boolean {
    const words = splitWords(line);
    if (words === undefined) return false;
    if (words[0] !== undefined && !/^[A-Za-z][\w.-]*$/.test(words[0])) return false;
    this.#isInline = true;
    this.#announced = words.length;
    for (const word of words) {
      const bytes = Buffer.from(word, 'latin1');
      this.stringBegin(0, bytes.length);
      if (bytes.length > 0) this.stringPart(bytes, 0, bytes.length);
      this.stringEnd();
    }
    return true;
  }

  end(size: number, timestampNs: number): void {
    this.#hand(size, timestampNs, undefined);
  }

  lost(gap: FlowGap | undefined, size: number): void {
    if (this.#isInString) {
      this.#isInString = false;
      this.#add(this.#string.finish(true));
    }
    if (gap !== undefined && this.#passed > 0) this.#gaps = withGap(this.#gaps, gap);
    this.#hand(size, this.#lastNs, this.#listener.faultOf(gap));
    this.#listener.commandsLost(gap);
  }

  /** Time of the last byte that was seen. */
  set nowNs(timestampNs: number) {
    this.#lastNs = timestampNs;
  }

  #add(value: RedisArgument): void {
    this.#passed += 1;
    if (this.#passed <= WORDS) this.#words.push(wordOf(value));
    const isFirst = this.#passed === 1;
    if (!isFirst && this.#room <= 0) return;
    this.#strings.push(isFirst || keptBytes(value) <= this.#room ? value : cutTo(value, this.#room));
    if (!isFirst) this.#room -= keptBytes(value) + ITEM_BYTES;
  }

  #hand(size: number, endNs: number, fault: FaultCode | undefined): void {
    const [name, ...rest] = this.#strings;
    const words = this.#words;
    if (name !== undefined) {
      const init = {
        command: words[0] === '' || words[0] === undefined ? nameOf(name) : words[0],
        arguments: withoutPasswords(words, rest),
        argumentCount: Math.max(this.#announced, this.#passed) - 1,
        size,
        isInline: this.#isInline,
        heldBytes: BASE_BYTES + this.#maxBytes - this.#room,
      };
      const command = new Command(init);
      this.#listener.command({ command, words, startNs: this.#startNs, endNs, gaps: this.#gaps, fault });
    }
    this.#reset();
  }

  #reset(): void {
    this.#isInString = false;
    this.#announced = 0;
    this.#passed = 0;
    this.#room = this.#maxBytes;
    this.#strings = [];
    this.#words = [];
    this.#isInline = false;
    this.#gaps = undefined;
  }
}

/** Empty for what is too long to be a name, or no text. */
function wordOf(value: RedisArgument): string {
  return typeof value === 'string' && value.length <= WORD_BYTES ? value.toUpperCase() : '';
}

/** Of a name that was not captured as a whole, or is no text. */
function nameOf(name: RedisArgument): string {
  const text = keptText(name).toUpperCase();
  return isCutString(name) ? `${text}…` : text;
}

function cutTo(value: RedisArgument, length: number): RedisArgument {
  const size = isCutString(value) ? value.size : Buffer.byteLength(value);
  const kept = isCutString(value) ? value.kept : value;
  return { type: 'cut', size, kept: kept.slice(0, length) };
}
