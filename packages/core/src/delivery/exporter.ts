// SPDX-License-Identifier: Apache-2.0

import type { Flow } from '../flow/flow.js';
import type { FlowUpdate } from '../flow/flow-update.js';
import type { ExportPipelineOptions } from './export-pipeline-options.js';

export type ExportResult =
  | { readonly status: 'ok' }
  /** Try the same flows again, not before `afterMs`. */
  | { readonly status: 'retry'; readonly error: Error; readonly afterMs?: number }
  | { readonly status: 'failed'; readonly error: Error };

export interface ExportOptions {
  /** Over when the time for this export is: it ends early then. */
  readonly signal: AbortSignal;
  /**
   * `EventSource.yieldProcessor`: to be called between any two of many flows, as `inSteps` does. A captured program may wait
   * for the processor that this export takes. Does nothing where nobody can wait.
   */
  readonly yieldProcessor?: () => void;
}

/**
 * Takes flows when they have ended, and if it wants to what is told of them before. An exporter does not throw, queue, batch, retry or modify what it receives: the export
 * pipeline in front of each exporter does that. At most one `export` or `exportUpdates` is under way at a time.
 */
export interface Exporter {
  readonly apiVersion: 1;
  /** For counters and log lines, such as `jsonl:flows.jsonl`. */
  readonly name: string;
  /** What suits this exporter better than the defaults of the pipeline in front of it. */
  readonly pipeline?: Omit<ExportPipelineOptions, 'logger' | 'yieldProcessor'>;
  start?(): Promise<void>;
  export(flows: readonly Flow[], options: ExportOptions): Promise<ExportResult>;
  /**
   * Flows that opened, and messages of open ones. Of each flow they come in order and before the flow itself; any of them
   * may be missing, because updates are the first to be dropped from a queue that fills up. Having this method makes
   * parsers announce flows.
   */
  exportUpdates?(updates: readonly FlowUpdate[], options: ExportOptions): Promise<ExportResult>;
  /** Resolves when everything that was exported is out (on disk, acknowledged). */
  flush(): Promise<void>;
  /** Called once, last. */
  shutdown(): Promise<void>;
}
