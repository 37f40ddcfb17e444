// SPDX-License-Identifier: Apache-2.0

import type { ConnectionInfo, Direction, Layer } from '../events.js';
import type { FlowMessage } from '../flow/flow-message.js';
import type {
  CloseReason,
  Handover,
  OpenExchange,
  ParsedExchange,
  ProtocolParser,
  ProtocolPlugin,
  UpgradedExchange,
} from '../parsing/protocol-plugin.js';
import { DEFAULT_LIMITS, type TapLimits } from '../tap/limits.js';
import { parserContext } from './parser-context.js';

/** One step of a conversation. */
export type ParserStep =
  | { readonly direction: Direction; readonly bytes: Buffer }
  /** Bytes that were transferred and not captured. */
  | { readonly direction: Direction; readonly gapBytes: number };

export interface ParserRunOptions {
  /** @default `raw` */
  readonly layer?: Layer;
  /** @default a TCP connection of a server */
  readonly connection?: Partial<ConnectionInfo>;
  readonly joinedLate?: boolean;
  readonly limits?: Partial<TapLimits>;
  /** @default `closed` */
  readonly closeReason?: CloseReason;
  /** Somebody listens to what is told of exchanges before they end. @default false */
  readonly wantsUpdates?: boolean;
  /** What the stream was handed over for. */
  readonly upgraded?: UpgradedExchange;
}

/** An exchange that the parser announced. */
export interface AnnouncedExchange {
  readonly exchange: ParsedExchange;
  readonly messages: readonly FlowMessage[];
  /** Index in `exchanges` of what it ended as. */
  readonly endedAs?: number;
}

export interface ParserRun {
  /** Without `opened`. With the one of a handover. */
  readonly exchanges: readonly ParsedExchange[];
  /** In the order of their announcements. Empty unless the run wants updates. */
  readonly announced: readonly AnnouncedExchange[];
  /** Codes that the parser counted. */
  readonly counts: Readonly<Record<string, number>>;
  readonly handover?: HandoverRecord;
}

/** Where a parser handed the connection over. `rest`: what the next parser gets (latin1), leftover and later steps. */
export interface HandoverRecord extends Pick<Handover, 'ingressOffset' | 'egressOffset' | 'to'> {
  readonly rest: Record<Direction, string>;
}

/**
 * Feeds the steps to a fresh parser as a tap does. All events have the same time, so that two runs can be compared.
 * Every chunk is overwritten as soon as the parser returns: one that keeps borrowed bytes gives other results.
 */
export function runParser(
  plugin: ProtocolPlugin,
  steps: readonly ParserStep[],
  options: ParserRunOptions = {},
): ParserRun {
  const exchanges: ParsedExchange[] = [];
  const announcements = new Announcements();
  const counts: Record<string, number> = {};
  let handover: HandoverRecord | undefined;
  const connection: ConnectionInfo = {
    id: 1,
    role: 'unknown',
    transport: 'tcp',
    joinedLate: options.joinedLate ?? false,
    ...options.connection,
  };
  const wantsUpdates = options.wantsUpdates ?? false;
  const parser = plugin.createParser(
    parserContext({
      connection,
      layer: options.layer ?? 'raw',
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      upgraded: options.upgraded,
      wantsUpdates,
      open: (exchange) => (wantsUpdates ? announcements.open(exchange) : undefined),
      emit: ({ opened, ...exchange }) => {
        announcements.end(opened, exchanges.length);
        exchanges.push(exchange);
      },
      handover: (given) => {
        if (handover !== undefined) return;
        handover = record(given);
        if (given.exchange === undefined) return;
        const { opened, ...exchange } = given.exchange;
        announcements.end(opened, exchanges.length);
        exchanges.push(exchange);
      },
      count: (code, by = 1) => {
        counts[code] = (counts[code] ?? 0) + by;
      },
    }),
  );
  const offsets = { ingress: 0, egress: 0 };
  for (const step of steps) {
    const { direction } = step;
    const offset = offsets[direction];
    if ('gapBytes' in step) {
      offsets[direction] += step.gapBytes;
      const gap = { direction, offset, length: step.gapBytes, reason: 'ring-full', timestampNs: 0 } as const;
      if (handover === undefined) parser.gap(gap);
    } else {
      offsets[direction] += step.bytes.length;
      if (handover === undefined) feed(parser, direction, offset, step.bytes);
      else handover.rest[direction] += step.bytes.toString('latin1');
    }
  }
  parser.close(handover === undefined ? (options.closeReason ?? 'closed') : 'handover', 0);
  const run = { exchanges, announced: announcements.all, counts };
  return handover === undefined ? run : { ...run, handover };
}

class Announcements {
  readonly all: { exchange: ParsedExchange; messages: FlowMessage[]; endedAs?: number }[] = [];
  readonly #byHandle = new Map<OpenExchange, { endedAs?: number }>();

  open({ opened: before, ...exchange }: ParsedExchange): OpenExchange {
    const messages: FlowMessage[] = [];
    const announced: { exchange: ParsedExchange; messages: FlowMessage[]; endedAs?: number } = { exchange, messages };
    const flowId = before?.flowId ?? `announced-${this.all.length}`;
    const opened: OpenExchange = { flowId, message: (message) => messages.push(message) };
    this.all.push(announced);
    this.#byHandle.set(opened, announced);
    return opened;
  }

  end(opened: OpenExchange | undefined, index: number): void {
    const announced = opened && this.#byHandle.get(opened);
    if (announced !== undefined) announced.endedAs = index;
  }
}

function feed(parser: ProtocolParser, direction: Direction, offset: number, content: Buffer): void {
  const bytes = Buffer.from(content);
  parser.data({ direction, offset, bytes, timestampNs: 0 });
  bytes.fill(0xaa);
}

function record({ ingressOffset, egressOffset, to, leftover }: Handover): HandoverRecord {
  const rest = { ingress: '', egress: '' };
  for (const { direction, bytes } of leftover) rest[direction] += bytes.toString('latin1');
  return { ingressOffset, egressOffset, rest, ...(to === undefined ? {} : { to }) };
}
