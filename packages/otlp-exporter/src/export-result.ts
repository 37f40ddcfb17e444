// SPDX-License-Identifier: Apache-2.0
import { type ExportResult, FlowtapError } from '@flowtap/core';

/** Statuses after which the same request may succeed (OTLP specification, "Failures" of OTLP/gRPC). */
const RETRYABLE_GRPC_CODES = new Set([1, 4, 8, 10, 11, 14, 15]);
/** No answer came, and one may come later. */
const RETRYABLE_SYSTEM_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** What the export pipeline is to do after a failure that an exporter of OpenTelemetry tells. */
export function asResult(thrown: unknown): ExportResult {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown ?? 'no reason was given'));
  const isRetryable = mayComeThrough(cause);
  const code = isRetryable ? 'EXPORT_UNAVAILABLE' : 'EXPORT_REJECTED';
  const error = new FlowtapError(code, `The receiver did not take the spans: ${reasonOf(cause)}`, { cause });
  return { status: isRetryable ? 'retry' : 'failed', error };
}

/**
 * HTTP: an answer that says no has the status as `code`; answers that may change (429, 502, 503, 504) and requests that were
 * not answered in time have none. gRPC: `code` is the status of the call.
 */
function mayComeThrough(error: Error): boolean {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (code === undefined) return true;
  if (typeof code === 'string') return RETRYABLE_SYSTEM_CODES.has(code);
  return typeof code === 'number' && RETRYABLE_GRPC_CODES.has(code);
}

function reasonOf(error: Error & { readonly code?: unknown; readonly data?: unknown }): string {
  const status = typeof error.code === 'number' ? ` (status ${error.code})` : '';
  const answer = typeof error.data === 'string' && isText(error.data) ? `: ${error.data.slice(0, 200)}` : '';
  return `${error.message || 'no reason was given'}${status}${answer}`;
}

/** Some receivers answer with a protobuf message. */
function isText(data: string): boolean {
  return data !== '' && /^[\x20-\x7e\s]*$/.test(data.slice(0, 200));
}
