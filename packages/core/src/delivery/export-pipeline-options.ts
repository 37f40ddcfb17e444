// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../errors.js';
import type { Logger } from '../logger.js';

export interface ExportPipelineOptions {
  /**
   * Flows and updates that may wait. The newest is dropped, and counted, when it is full; updates already when half of it
   * is used. @default 16384
   */
  readonly maxQueueFlows?: number;
  /** Approximate bytes (headers and bodies) that may wait. @default 33554432 */
  readonly maxQueueBytes?: number;
  /** Flows and updates per export at most. Larger ones cost more in garbage collection. @default 512 */
  readonly maxBatchFlows?: number;
  /** A flow waits no longer than this for a batch to fill, in milliseconds. @default 50 */
  readonly maxDelayMs?: number;
  /** Time for one batch, retries included, in milliseconds. @default 30000 */
  readonly exportTimeoutMs?: number;
  /** Exports of one batch at most, the first one included. @default 5 */
  readonly maxAttempts?: number;
  /** Wait before the second attempt, in milliseconds; doubled for each further one, ± 20 %. @default 200 */
  readonly backoffMs?: number;
  /** The longest wait between attempts, in milliseconds. @default 5000 */
  readonly maxBackoffMs?: number;
  /** Time that `shutdown` gives what still waits, in milliseconds. @default 5000 */
  readonly drainTimeoutMs?: number;
  /** Drops and failures are logged at most this often, with their number, in milliseconds. @default 10000 */
  readonly logIntervalMs?: number;
  /** @default silent */
  readonly logger?: Logger;
  /** Given to the exporter (`ExportOptions.yieldProcessor`). @default does nothing */
  readonly yieldProcessor?: () => void;
}

export type ResolvedExportPipelineOptions = Readonly<
  Required<Omit<ExportPipelineOptions, 'logger' | 'yieldProcessor'>>
>;

const DEFAULTS: ResolvedExportPipelineOptions = {
  maxQueueFlows: 16384,
  maxQueueBytes: 32 * 1024 * 1024,
  maxBatchFlows: 512,
  maxDelayMs: 50,
  exportTimeoutMs: 30_000,
  maxAttempts: 5,
  backoffMs: 200,
  maxBackoffMs: 5000,
  drainTimeoutMs: 5000,
  logIntervalMs: 10_000,
};

const MINIMA: Partial<ResolvedExportPipelineOptions> = {
  maxQueueFlows: 1,
  maxQueueBytes: 1,
  maxBatchFlows: 1,
  exportTimeoutMs: 1,
  maxAttempts: 1,
};

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function resolveExportPipelineOptions(options: ExportPipelineOptions): ResolvedExportPipelineOptions {
  const resolved: Record<string, number> = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof ResolvedExportPipelineOptions)[]) {
    const value = options[name];
    if (value === undefined) continue;
    const minimum = MINIMA[name] ?? 0;
    // A timer takes at most 2^31 - 1 milliseconds.
    const maximum = name.endsWith('Ms') ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
      throw new ConfigError('CONFIG_INVALID_OPTION', `${name} of an export pipeline cannot be ${value}.`, {
        hint: `It is a whole number from ${minimum} to ${maximum}.`,
      });
    }
    resolved[name] = value;
  }
  return Object.freeze(resolved as unknown as ResolvedExportPipelineOptions);
}
