// SPDX-License-Identifier: Apache-2.0
import { type ExportResult, FlowtapError } from '@flowtap/core';

/**
 * A call that did not succeed. Codes: `EXPORT_UNAVAILABLE` (nobody answers), `EXPORT_TIMEOUT`, `EXPORT_REJECTED` (the
 * server answers that it will not), `EXPORT_ABORTED` (we gave it up).
 */
export class CallError extends FlowtapError {
  /** The same call may succeed later. */
  readonly isRetryable: boolean;

  constructor(code: string, message: string, isRetryable: boolean, hint?: string) {
    super(code, message, hint === undefined ? {} : { hint });
    this.isRetryable = isRetryable;
  }
}

/** What the export pipeline is to do after a failure. */
export function exportResultOf(thrown: unknown): ExportResult {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { status: error instanceof CallError && error.isRetryable ? 'retry' : 'failed', error };
}
