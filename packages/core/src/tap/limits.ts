// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../errors.js';
import type { ParserLimits } from '../parsing/protocol-plugin.js';

/** What bounds a tap's memory. Whatever a limit cuts off is counted in the tap's statistics. */
export interface TapLimits extends ParserLimits {
  /** Bytes per direction that are kept while no protocol has claimed a stream. @default 8192 */
  readonly maxProbeBytes: number;
  /** Connections followed at once; beyond it the one that was idle for longest is let go. @default 20000 */
  readonly maxConnections: number;
  /** Milliseconds, by the clock of the events, after which an idle connection is let go. @default 600000 */
  readonly idleTimeoutMs: number;
  /** Flows that wait in one `flows()` iterator; beyond it new ones are dropped for that iterator. @default 4096 */
  readonly maxQueuedFlows: number;
  /** Milliseconds that one call of a guarded plugin (`guarded()`) may take before it is interrupted. @default 250 */
  readonly parserTimeoutMs: number;
}

export const DEFAULT_LIMITS: TapLimits = {
  maxHeaderBytes: 65_536,
  maxBodyBytes: 1_048_576,
  maxPendingExchanges: 1000,
  maxProbeBytes: 8192,
  maxConnections: 20_000,
  idleTimeoutMs: 600_000,
  maxQueuedFlows: 4096,
  parserTimeoutMs: 250,
};

/** `--max-body 0` is useful (headers only); a limit of 0 anywhere else would stop everything. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['maxBodyBytes']);

/** @throws ConfigError with code `CONFIG_INVALID_OPTION` for an unknown name or a value out of range. */
export function resolveLimits(limits: Partial<TapLimits> = {}): TapLimits {
  const resolved: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in DEFAULT_LIMITS)) {
      throw new ConfigError('CONFIG_INVALID_OPTION', `limits.${name} is not a limit.`, {
        hint: `Known limits: ${Object.keys(DEFAULT_LIMITS).join(', ')}.`,
      });
    }
    if (value === undefined) continue;
    const least = MAY_BE_ZERO.has(name) ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new ConfigError('CONFIG_INVALID_OPTION', `limits.${name} is ${String(value)}.`, {
        hint: `It must be a whole number of at least ${least}.`,
      });
    }
    resolved[name] = value;
  }
  return resolved as unknown as TapLimits;
}
