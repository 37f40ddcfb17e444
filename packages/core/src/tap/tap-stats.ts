// SPDX-License-Identifier: Apache-2.0
import type { ExportCounters } from '../delivery/export-pipeline.js';

export interface ExporterStats extends ExportCounters {
  /** Name of the exporter. */
  readonly name: string;
}

/** What a tap has done and what it could not do, from its start on. Plain JSON. Fields are only ever added. */
export interface TapStats {
  /** Flows that were given to exporters, iterators and listeners. */
  readonly flows: number;
  /** Flows that `where` kept back. */
  readonly filteredFlows: number;
  readonly events: number;
  readonly dataEvents: number;
  /** Captured bytes. */
  readonly dataBytes: number;
  /** Events that the source had to drop. `counters` has the causes, as `lost:<cause>`. */
  readonly droppedEvents: number;
  /** Bytes that the source had to drop. */
  readonly droppedBytes: number;
  /** Holes in streams, whatever their reason. */
  readonly gaps: number;
  readonly gapBytes: number;
  /** Bytes that came after their place in the stream had been passed, or twice. */
  readonly lateBytes: number;
  readonly connections: number;
  readonly openConnections: number;
  /** Encrypted connections whose plaintext could not be read. */
  readonly opaqueConnections: number;
  /** Connections with bytes that no protocol claimed, or whose parser failed. */
  readonly unknownConnections: number;
  /** Flows that `flows()` iterators did not get because their consumer was too slow. */
  readonly iteratorDrops: number;
  readonly exporters: readonly ExporterStats[];
  /** Everything rare by its code: what parsers did not understand, what limits cut off, errors of plugins. */
  readonly counters: Readonly<Record<string, number>>;
  /** Counters of the source itself. */
  readonly source: Readonly<Record<string, number>>;
  /** Counters of the recorder. Absent when nothing is recorded. */
  readonly recorder?: Readonly<Record<string, number>>;
}
