// SPDX-License-Identifier: Apache-2.0

import type { GapReason } from '../events.js';
import type { FlowUpdateSink } from '../flow/flow-update.js';
import { GroupedLog } from '../grouped-log.js';
import { GuardBatch } from '../guard/guard-batch.js';
import { isGuarded } from '../guard/guarded.js';
import { WatchedPlugin } from '../guard/watched-plugin.js';
import type { Logger } from '../logger.js';
import { Detector } from '../parsing/detector.js';
import type { ProtocolPlugin } from '../parsing/protocol-plugin.js';
import type { Counters } from './counters.js';
import type { TapLimits } from './limits.js';

/** Totals that the hot path counts. Every field only grows, except `openConnections` and `unknownConnections`. */
export class EngineTotals {
  events = 0;
  dataEvents = 0;
  /** Captured bytes. */
  dataBytes = 0;
  droppedEvents = 0;
  droppedBytes = 0;
  gaps = 0;
  gapBytes = 0;
  /** Bytes whose offset was passed already: duplicates, or events of two threads that overtook each other. */
  lateBytes = 0;
  connections = 0;
  openConnections = 0;
  opaqueConnections = 0;
  /** Connections with bytes that no protocol reads, or reads any more. Falls when one is recognised after all. */
  unknownConnections = 0;
}

const LOG_INTERVAL_MS = 10_000;

/** What all connections of one socket map share. */
export class EngineState {
  readonly detector: Detector;
  readonly limits: TapLimits;
  /** One broken parser may fail on every connection. */
  readonly parserErrorLog: GroupedLog;
  readonly counters: Counters;
  readonly updates: FlowUpdateSink;
  /** Absent where no plugin is guarded. */
  readonly guard: GuardBatch | undefined;
  readonly totals = new EngineTotals();
  /** Reason of an offset jump that the event itself does not explain. */
  jumpReason: GapReason = 'unknown';

  constructor(
    protocols: readonly ProtocolPlugin[],
    limits: TapLimits,
    counters: Counters,
    updates: FlowUpdateSink,
    logger: Logger,
  ) {
    this.limits = limits;
    this.counters = counters;
    this.updates = updates;
    this.guard = protocols.some(isGuarded) ? createGuard(limits, logger) : undefined;
    this.detector = new Detector(watched(protocols, this.guard, counters), counters);
    this.parserErrorLog = new GroupedLog(LOG_INTERVAL_MS, (count, detail) => {
      logger.warn(`${count} connections were let go because their parser failed; the last one: ${detail}`);
    });
  }
}

function createGuard(limits: TapLimits, logger: Logger): GuardBatch {
  return new GuardBatch(limits.parserTimeoutMs, (name) => {
    logger.error(`The plugin ${name} was interrupted too often and is asked no more.`);
  });
}

function watched(
  protocols: readonly ProtocolPlugin[],
  guard: GuardBatch | undefined,
  counters: Counters,
): readonly ProtocolPlugin[] {
  if (guard === undefined) return protocols;
  return protocols.map((plugin) => (isGuarded(plugin) ? new WatchedPlugin(plugin, guard, counters) : plugin));
}
