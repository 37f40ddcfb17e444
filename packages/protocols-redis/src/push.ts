// SPDX-License-Identifier: Apache-2.0
import { HttpBody, messageToJson, type PushedMessage } from '@flowtap/core';
import { splitWords } from './inline-command.js';
import type { RedisReply, RedisString, RedisValue } from './redis-message.js';
import { firstText, isList } from './reply-secrets.js';
import { withoutPasswords } from './secrets.js';

/** A message without its time. */
export type Push = Omit<PushedMessage, 'offsetMs' | 'sender'>;

/** Names of messages of channels, and how many items they have. */
const CHANNEL_MESSAGES: ReadonlyMap<string, number> = new Map([
  ['message', 3],
  ['smessage', 3],
  ['pmessage', 4],
]);

/** `1339518083.107412 [0 127.0.0.1:60866] "get" "x"` */
const MONITOR_LINE = /^\d{1,12}\.\d{1,9} \[\d+ [^\]]*\] /;

/** Whether an array, which could be a reply too, has the form of a message of a channel. */
export function isChannelMessage({ value }: RedisReply): boolean {
  const name = firstText(value);
  return name !== undefined && isValueList(value) && CHANNEL_MESSAGES.get(name) === value.length;
}

export function isMonitorLine({ value }: RedisReply): boolean {
  return MONITOR_LINE.test(keptText(value) ?? '');
}

/** A message of a channel, or another push of RESP3: an invalidation, a confirmation that nobody asked for. */
export function readPush({ value }: RedisReply): Push {
  if (!isValueList(value)) return { type: 'pushed', event: '', content: contentOf(value) };
  const event = keptText(value[0]) ?? '';
  switch (event) {
    case 'message':
    case 'smessage':
      return { type: 'pushed', event, ...topicOf(value[1]), content: contentOf(value[2]) };
    case 'pmessage': {
      const pattern = keptText(value[1]);
      const subscription = pattern === undefined ? {} : { pattern };
      return { type: 'pushed', event, ...topicOf(value[2]), ...subscription, content: contentOf(value[3]) };
    }
    default:
      return { type: 'pushed', event, content: contentOf(value.length === 2 ? value[1] : value.slice(1)) };
  }
}

/** A line of MONITOR. Servers of old show passwords in it. */
export function readMonitorLine({ value }: RedisReply): Push {
  const text = keptText(value) ?? '';
  const head = MONITOR_LINE.exec(text)?.[0] ?? '';
  const words = splitWords(text.slice(head.length));
  const content = contentOf(value);
  const shown = words === undefined ? [] : withoutPasswords(upperCase(words), words.slice(1));
  const isPlain = words?.slice(1).every((word, i) => word === shown[i]) === true;
  // A line that does not come apart is cut off: who knows what its last words are.
  const isHarmless = isPlain || (words === undefined && !/auth|pass|acl/i.test(text));
  if (isHarmless) return { type: 'pushed', event: 'monitor', content };
  const masked = head + [words?.[0] ?? '', ...shown].map((word) => JSON.stringify(word)).join(' ');
  return { type: 'pushed', event: 'monitor', content: bodyOf(Buffer.from(masked)) };
}

function upperCase(words: readonly string[]): readonly string[] {
  return words.slice(0, 3).map((word) => word.toUpperCase());
}

function topicOf(channel: RedisValue | undefined): { topic?: string } {
  const topic = keptText(channel);
  return topic === undefined ? {} : { topic };
}

function keptText(value: RedisValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  const isCut = typeof value === 'object' && value !== null && 'type' in value && value.type === 'cut';
  return isCut ? keptText(value.kept) : undefined;
}

function contentOf(value: RedisValue | undefined): HttpBody {
  if (value === undefined || value === null) return HttpBody.empty;
  if (typeof value === 'string' || value instanceof Uint8Array) return bodyOf(bytesOf(value));
  if (typeof value === 'object' && 'type' in value && value.type === 'cut')
    return bodyOf(bytesOf(value.kept), value.size);
  return bodyOf(Buffer.from(messageToJson(value) ?? ''));
}

function bodyOf(bytes: Buffer, size = bytes.length): HttpBody {
  return new HttpBody({ size, truncated: size > bytes.length, bytes });
}

function bytesOf(value: RedisString): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);
}

function isValueList(value: RedisValue | undefined): value is readonly RedisValue[] {
  return typeof value === 'object' && value !== null && isList(value);
}
