// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow } from '../flow/flow.js';
import type { FlowMessage } from '../flow/flow-message.js';
import type { FlowProgress, FlowUpdate } from '../flow/flow-update.js';
import { describeMessage } from '../flow/message-description.js';
import { isHttpMessage, requestUrl } from '../http/http-flow.js';
import { type HumanFormat, opening, requestSummary, responseSummary } from './human-flow.js';
import { grpcLines } from './human-grpc.js';
import { formatBytes, formatTime, printable } from './terminal-text.js';

/** A call that is over sooner is shown as a whole. */
const LONG_CALL_MS = 1000;
/** Characters of a message that are shown: it is one line. */
const MAX_EXCERPT = 200;

/** A line for what happens on a flow that lives long; nothing for others, which are shown when they have ended. */
export function humanUpdate(update: FlowUpdate, format: HumanFormat): string {
  if (update.kind === 'message') return isShown(update.message) ? `${messageLine(update, format)}\n` : '';
  return update.flow.messages === undefined ? '' : `${openLine(update.flow, format)}\n`;
}

function isShown({ type, offsetMs }: FlowMessage): boolean {
  return type !== 'grpc' || offsetMs >= LONG_CALL_MS;
}

function openLine(flow: ExchangeFlow, { palette }: HumanFormat): string {
  const parts = [...opening(flow, palette), ...requestSummary(flow, palette), responseSummary(flow, palette)];
  return [...parts, palette.dim('open')].join('  ');
}

/** The arrow tells which way the message went: out of the observed process, or into it. */
function messageLine({ flow, message }: FlowProgress, { palette, maxBodyBytes }: HumanFormat): string {
  const { sender, offsetMs, content } = message;
  const arrow = flow.role === 'unknown' ? '·' : flow.role === sender ? '↑' : '↓';
  const { comm, pid } = flow.process;
  const url = isHttpMessage(flow.request)
    ? requestUrl(flow, flow.request)
    : (describeMessage(flow.request)?.summary ?? flow.protocol);
  const parts = [
    `${palette.arrow(arrow)} ${palette.dim(formatTime(flow.startTimeMs + offsetMs))}`,
    palette.process(`${printable(comm)}(${pid})`),
    palette.dim(printable(url)),
    palette.method(kindOf(message)),
    excerpt(message, Math.min(MAX_EXCERPT, maxBodyBytes)),
    palette.dim(formatBytes(content.size)),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function kindOf(message: FlowMessage): string {
  switch (message.type) {
    case 'event':
      return printable(message.event);
    case 'pushed':
      return printable([message.event, message.topic].filter((part) => part !== undefined).join(' '));
    case 'grpc':
      return 'message';
    case 'close':
      return message.closeCode === undefined ? 'close' : `close ${message.closeCode}`;
    default:
      return message.type;
  }
}

/** The beginning of a text, or of what a schema makes of a message; nothing for other bytes. */
function excerpt(message: FlowMessage, maxLength: number): string {
  const { type, content } = message;
  if (maxLength === 0) return '';
  if (type === 'grpc') return grpcLines({ messages: [message], messageCount: 1 }, maxLength)?.[0] ?? '';
  const text = type === 'binary' ? undefined : content.text();
  if (text === undefined) return '';
  return printable(text.slice(0, maxLength)) + (text.length > maxLength || content.truncated ? '…' : '');
}
