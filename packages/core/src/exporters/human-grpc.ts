// SPDX-License-Identifier: Apache-2.0
import type { GrpcDetails, GrpcMessage } from '../flow/grpc-details.js';
import { formatBytes, printable } from './terminal-text.js';

const MAX_MESSAGES = 24;

/** One line of JSON for each message; undefined where no schema was given and the body is to be shown instead. */
export function grpcLines(details: GrpcDetails, maxBytes: number): readonly string[] | undefined {
  const { messages, messageCount } = details;
  if (messages[0]?.decoded === undefined) return undefined;
  const lines: string[] = [];
  let left = maxBytes;
  for (const message of messages.slice(0, MAX_MESSAGES)) {
    if (left <= 0) break;
    const text = messageText(message);
    lines.push(text.length > left ? `${printable(text.slice(0, left))}…` : printable(text));
    left -= text.length;
  }
  return lines.length === messageCount ? lines : [...lines, `[… ${messageCount} messages in all]`];
}

function messageText(message: GrpcMessage): string {
  const decoded = message.decoded?.() ?? { error: 'There is no schema.' };
  if ('json' in decoded) {
    const { json, unknownFields } = decoded;
    return JSON.stringify(json) + (unknownFields === undefined ? '' : ` [and ${unknownFields} unknown fields]`);
  }
  const { content } = message;
  return `[${decoded.type ?? 'message'}, ${formatBytes(content.size)}: ${decoded.error}]`;
}
