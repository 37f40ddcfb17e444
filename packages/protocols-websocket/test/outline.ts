// SPDX-License-Identifier: Apache-2.0
import type { ParsedExchange, WebSocketMessage } from '@flowtap/core';
import type { ParserRun } from '@flowtap/core/testing';

/** `client text hello`, `server close 1000 bye`; what is not whole or not decoded says so. */
export function messageLine(message: WebSocketMessage): string {
  const { sender, type, content, closeCode } = message;
  const shown = content.contentEncoding === undefined ? textOf(message) : `(${content.contentEncoding})`;
  const code = closeCode === undefined ? '' : ` ${closeCode}`;
  const rest = content.truncated ? `… of ${content.size}` : '';
  return [`${sender} ${type}${code}`, shown, rest].filter((part) => part !== '').join(' ');
}

function textOf({ type, content }: WebSocketMessage): string {
  return type === 'binary' ? content.bytes.toString('hex') : content.bytes.toString('utf8');
}

export function onlyExchange({ exchanges }: ParserRun): ParsedExchange {
  const [exchange] = exchanges;
  if (exchange === undefined || exchanges.length > 1) throw new Error(`there are ${exchanges.length} exchanges`);
  return exchange;
}

export function messagesOf(run: ParserRun): readonly WebSocketMessage[] {
  return onlyExchange(run).messages as readonly WebSocketMessage[];
}

export function lines(run: ParserRun): readonly string[] {
  return messagesOf(run).map(messageLine);
}
