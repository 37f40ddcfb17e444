// SPDX-License-Identifier: Apache-2.0
import { assertNever } from './assert-never.js';
import { FlowtapError } from './errors.js';
import type { Exporter, ExportResult } from './exporter.js';
import type { Flow } from './flow.js';

export interface DeliveryOptions {
  /** For all attempts and the waits between them. */
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  /** Wait before the second attempt; doubled for each further one, ± 20 %. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Ends the delivery early. */
  readonly signal: AbortSignal;
  readonly onRetry: (error: Error) => void;
}

export interface Delivery {
  /** Absent when the flows were exported. */
  readonly error?: Error;
  /** Present when the exporter ignored its signal and still holds the flows. Resolves when it lets go of them. */
  readonly released?: Promise<unknown>;
}

/** Exports a batch, again if need be. Never rejects, whatever the exporter does. */
export async function deliver(exporter: Exporter, flows: readonly Flow[], options: DeliveryOptions): Promise<Delivery> {
  const deadline = performance.now() + options.timeoutMs;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(timeoutError(exporter, options.timeoutMs)), options.timeoutMs);
  const forwardAbort = () => timeout.abort(options.signal.reason);
  options.signal.addEventListener('abort', forwardAbort, { once: true });
  if (options.signal.aborted) forwardAbort();
  const { signal } = timeout;
  const aborted = whenAborted(signal);
  try {
    for (let attempt = 1; ; attempt++) {
      let held = true;
      const pending = contained(exporter, flows, signal).finally(() => {
        held = false;
      });
      const result = await Promise.race([pending, aborted]);
      if (held) return { error: asError(signal.reason), released: pending };
      switch (result.status) {
        case 'ok':
          return {};
        case 'failed':
          return { error: result.error };
        case 'retry': {
          const waitMs = Math.max(result.afterMs ?? 0, backoff(attempt, options));
          const late = performance.now() + waitMs >= deadline;
          if (attempt >= options.maxAttempts || late || signal.aborted) return { error: result.error };
          options.onRetry(result.error);
          await Promise.race([new Promise((resolve) => setTimeout(resolve, waitMs).unref()), aborted]);
          if (signal.aborted) return { error: result.error };
          break;
        }
        default:
          assertNever(result);
      }
    }
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', forwardAbort);
  }
}

/** An exporter must not throw; one that does, or answers nonsense, costs its own flows only. */
async function contained(exporter: Exporter, flows: readonly Flow[], signal: AbortSignal): Promise<ExportResult> {
  try {
    const result: Partial<ExportResult> | undefined = await exporter.export(flows, { signal });
    if (result?.status === 'ok') return { status: 'ok' };
    if (result?.status === 'retry' || result?.status === 'failed') {
      return { ...result, error: asError(result.error ?? 'no reason given') } as ExportResult;
    }
    const error = new FlowtapError(
      'EXPORT_FAILED',
      `The exporter ${exporter.name} answered ${JSON.stringify(result)}.`,
    );
    return { status: 'failed', error };
  } catch (thrown) {
    return { status: 'failed', error: asError(thrown) };
  }
}

function whenAborted(signal: AbortSignal): Promise<ExportResult> {
  return new Promise((resolve) => {
    const settle = () => resolve({ status: 'failed', error: asError(signal.reason) });
    if (signal.aborted) settle();
    else signal.addEventListener('abort', settle, { once: true });
  });
}

function backoff(attempt: number, { backoffMs, maxBackoffMs }: DeliveryOptions): number {
  // Jitter, so that several agents do not come back to the same server at the same time.
  return Math.min(backoffMs * 2 ** (attempt - 1), maxBackoffMs) * (0.8 + Math.random() * 0.4);
}

function timeoutError(exporter: Exporter, timeoutMs: number): Error {
  return new FlowtapError('EXPORT_TIMEOUT', `The exporter ${exporter.name} took longer than ${timeoutMs} ms.`);
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
