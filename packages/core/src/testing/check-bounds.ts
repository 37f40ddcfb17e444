// SPDX-License-Identifier: Apache-2.0
import { ok } from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Direction } from '../events.js';
import type { ParsedExchange, ProtocolParser, ProtocolPlugin } from '../parsing/protocol-plugin.js';
import { DEFAULT_LIMITS } from '../tap/limits.js';
import { parserContext } from './parser-context.js';
import type { ParserRunOptions } from './parser-run.js';

/** One message of a conversation. */
export interface Message {
  readonly direction: Direction;
  readonly bytes: Buffer;
}

/** Small, so that a flood of a moment goes far beyond them. */
const LIMITS = { ...DEFAULT_LIMITS, maxHeaderBytes: 1024, maxBodyBytes: 1024, maxPendingExchanges: 8 };
const FLOOD_BYTES = 512 * 1024;
const PIECE_BYTES = 16 * 1024;
/** Far more than the limits ask for, far less than the flood. */
const MAX_KEPT_BYTES = 256 * 1024;
const MAX_EXCHANGE_BYTES = 128 * 1024;
/** The engine keeps something too, of compiled code for instance, but once: a parser that keeps too much does so each time. */
const ATTEMPTS = 3;
/** Of many exchanges that are handed out in a flood, one in so many is looked at. */
const LOOKED_AT = 64;

/**
 * What a parser keeps, and what it hands out, is bounded by the limits of its context: not when a message never ends, and not
 * when messages of one side go on and on without an answer.
 *
 * @throws AssertionError
 */
export function checkBounds(plugin: ProtocolPlugin, messages: readonly Message[], options: ParserRunOptions): void {
  const floods = floodsOf(messages);
  const kept = keptBytes(floods.map((flood) => pourInto(plugin, flood, options)));
  // Together they keep little: then each of them does. Else it must be found out which of them does not.
  if (kept <= MAX_KEPT_BYTES) return;
  for (const flood of floods) {
    const bytes = keptBytes([pourInto(plugin, flood, options)]);
    const text = `when ${flood.name}, the parser keeps ${bytes} of ${FLOOD_BYTES} bytes, whatever the limits say`;
    ok(bytes <= MAX_KEPT_BYTES, text);
  }
}

interface Flood {
  readonly name: string;
  readonly before: readonly Message[];
  readonly piece: Message;
}

function floodsOf(messages: readonly Message[]): readonly Flood[] {
  return (['egress', 'ingress'] as const).flatMap((direction) => {
    const index = messages.findIndex((message) => message.direction === direction && message.bytes.length > 0);
    const message = messages[index];
    if (message === undefined) return [];
    const before = messages.slice(0, index);
    const half = { direction, bytes: message.bytes.subarray(0, Math.ceil(message.bytes.length / 2)) };
    const endless = { direction, bytes: Buffer.alloc(PIECE_BYTES, 'a') };
    const name = `the ${direction} message ${index + 1}`;
    return [
      { name: `${name} does not end`, before: [...before, half], piece: endless },
      { name: `${name} comes again and again`, before, piece: repeated(message) },
    ];
  });
}

/** A parser after one flood; the function pours another one into it. */
function pourInto(plugin: ProtocolPlugin, { name, before, piece }: Flood, options: ParserRunOptions): () => void {
  let exchanges = 0;
  const emit = (exchange: ParsedExchange): void => {
    exchanges += 1;
    if (exchanges > LOOKED_AT && exchanges % LOOKED_AT !== 0) return;
    const bytes = sizeOf(exchange, new Set());
    ok(bytes <= MAX_EXCHANGE_BYTES, `when ${name}, an exchange has ${bytes} bytes, whatever the limits say`);
  };
  const { layer = 'raw', connection, joinedLate = false, upgraded } = options;
  const info = { id: 1, role: 'unknown', transport: 'tcp', joinedLate, ...connection } as const;
  const parser = plugin.createParser(parserContext({ connection: info, layer, limits: LIMITS, upgraded, emit }));
  const offsets = { ingress: 0, egress: 0 };
  for (const message of before) feed(parser, offsets, message);
  const pour = () => {
    for (let fed = 0; fed < FLOOD_BYTES; fed += piece.bytes.length) feed(parser, offsets, piece);
    ok(exchanges <= offsets.egress + offsets.ingress, `when ${name}, more exchanges than bytes were handed out`);
  };
  pour();
  return pour;
}

function keptBytes(pours: readonly (() => void)[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && least > MAX_KEPT_BYTES; attempt++) {
    least = Math.min(least, growthOf(pours));
  }
  return least;
}

/** By how much the memory in use grows when they pour. Lists of a fixed length are full by now. */
function growthOf(pours: readonly (() => void)[]): number {
  collector ??= findCollector();
  // Garbage of before that goes meanwhile would hide what is kept. The memory of buffers is given back by the next collection.
  collector?.();
  collector?.();
  const before = usedBytes();
  for (const pour of pours) pour();
  if (collector === undefined) return 0;
  collector({ type: 'minor' });
  if (usedBytes() - before > MAX_KEPT_BYTES) collector();
  const kept = usedBytes() - before;
  // The parsers are still alive.
  return pours.length === 0 ? 0 : kept;
}

function feed(parser: ProtocolParser, offsets: Record<Direction, number>, { direction, bytes }: Message): void {
  parser.data({ direction, offset: offsets[direction], bytes, timestampNs: 0 });
  offsets[direction] += bytes.length;
}

/** The message as often as it fits into a piece. */
function repeated({ direction, bytes }: Message): Message {
  const times = Math.max(1, Math.floor(PIECE_BYTES / bytes.length));
  return { direction, bytes: Buffer.concat(Array.from({ length: times }, () => bytes)) };
}

/** Bytes of the strings and buffers in it. */
function sizeOf(value: unknown, seen: Set<object>): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return Object.values(value).reduce((sum: number, member) => sum + sizeOf(member, seen), 0);
}

type Collector = (options?: { readonly type: 'minor' }) => void;

/** Node.js hands its collector out only on demand; without it nothing can be said about memory. */
function findCollector(): Collector | undefined {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
  setFlagsFromString('--no-expose-gc');
  return collect as Collector | undefined;
}

let collector: Collector | undefined;

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
