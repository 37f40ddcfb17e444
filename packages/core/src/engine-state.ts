// SPDX-License-Identifier: Apache-2.0
import type { Counters } from './counters.js';
import type { Detector } from './detector.js';
import type { GapReason } from './events.js';
import type { FlowUpdateSink } from './flow-update.js';
import { GroupedLog } from './grouped-log.js';
import type { TapLimits } from './limits.js';
import type { Logger } from './logger.js';

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
  readonly totals = new EngineTotals();
  /** Reason of an offset jump that the event itself does not explain. */
  jumpReason: GapReason = 'unknown';

  constructor(detector: Detector, limits: TapLimits, counters: Counters, updates: FlowUpdateSink, logger: Logger) {
    this.detector = detector;
    this.limits = limits;
    this.counters = counters;
    this.updates = updates;
    this.parserErrorLog = new GroupedLog(LOG_INTERVAL_MS, (count, detail) => {
      logger.warn(`${count} connections were let go because their parser failed; the last one: ${detail}`);
    });
  }
}
