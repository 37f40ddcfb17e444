// SPDX-License-Identifier: Apache-2.0
import type { Exporter } from '@flowtap/core';

/**
 * A server that is away may come back: flows wait for it for half a minute, as many as there is room for. Attempts are
 * cheap while nobody answers, so their number is no limit.
 */
export const serverPipeline: NonNullable<Exporter['pipeline']> = {
  exportTimeoutMs: 30_000,
  maxAttempts: 1000,
  backoffMs: 100,
  maxBackoffMs: 2000,
};
