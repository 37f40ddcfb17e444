// SPDX-License-Identifier: Apache-2.0
import type { ParsedExchange } from '@flowtap/core';
import type { ParserRun } from '@flowtap/core/testing';
import type { RedisCommand, RedisReply } from '../src/index.js';

export type Step = { readonly direction: 'ingress' | 'egress'; readonly bytes: Buffer };

/** A command as clients send it. Strings are text. */
export function command(...words: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...words.map(bulk)]);
}

export function bulk(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as Buffer);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** From the client. */
export function client(...bytes: readonly (Buffer | string)[]): Step {
  return { direction: 'egress', bytes: joined(bytes) };
}

export function server(...bytes: readonly (Buffer | string)[]): Step {
  return { direction: 'ingress', bytes: joined(bytes) };
}

function joined(bytes: readonly (Buffer | string)[]): Buffer {
  return Buffer.concat(bytes.map((one) => (typeof one === 'string' ? Buffer.from(one, 'utf8') : one)));
}

export function requestOf(exchange: ParsedExchange | undefined): RedisCommand | undefined {
  return exchange?.request as RedisCommand | undefined;
}

export function responseOf(exchange: ParsedExchange | undefined): RedisReply | undefined {
  return exchange?.response as RedisReply | undefined;
}

/** `GET k → "v"`, as a person sees it; `!` and the code of what is wrong. */
export function line(exchange: ParsedExchange): string {
  const request = requestOf(exchange) as { summary?: string } | undefined;
  const response = responseOf(exchange) as { summary?: string } | undefined;
  const fault = exchange.error === undefined ? '' : ` !${exchange.error.code}`;
  const messages = (exchange.messages ?? []).map((message) =>
    message.type === 'pushed'
      ? ` | ${[message.event, message.topic, message.pattern, message.content.text()].filter((part) => part !== undefined && part !== '').join(' ')}`
      : '',
  );
  return `${request?.summary ?? '–'} → ${response?.summary ?? '–'}${fault}${messages.join('')}`;
}

export function lines({ exchanges }: ParserRun): readonly string[] {
  return exchanges.map(line);
}
