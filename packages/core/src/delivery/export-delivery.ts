// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '../assert-never.js';
import { asError, FlowtapError } from '../errors.js';
import type { ExportResult } from './exporter.js';

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

/** One attempt to export a batch. */
export type Attempt = (signal: AbortSignal) => Promise<ExportResult>;

/** Exports a batch, again if need be. Never rejects, whatever the exporter of that name does. */
export async function deliver(name: string, attempt: Attempt, options: DeliveryOptions): Promise<Delivery> {
  const deadline = performance.now() + options.timeoutMs;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(timeoutError(name, options.timeoutMs)), options.timeoutMs);
  const forwardAbort = () => timeout.abort(options.signal.reason);
  options.signal.addEventListener('abort', forwardAbort, { once: true });
  if (options.signal.aborted) forwardAbort();
  const { signal } = timeout;
  const aborted = whenAborted(signal);
  try {
    for (let attempts = 1; ; attempts++) {
      let held = true;
      const pending = contained(name, attempt, signal).finally(() => {
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
          const waitMs = Math.max(result.afterMs ?? 0, backoff(attempts, options));
          const late = performance.now() + waitMs >= deadline;
          if (attempts >= options.maxAttempts || late || signal.aborted) return { error: result.error };
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
async function contained(name: string, attempt: Attempt, signal: AbortSignal): Promise<ExportResult> {
  try {
    const result: Partial<ExportResult> | undefined = await attempt(signal);
    if (result?.status === 'ok') return { status: 'ok' };
    if (result?.status === 'retry' || result?.status === 'failed') {
      return { ...result, error: asError(result.error ?? 'no reason given') } as ExportResult;
    }
    const error = new FlowtapError('EXPORT_FAILED', `The exporter ${name} answered ${JSON.stringify(result)}.`);
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

function backoff(attempts: number, { backoffMs, maxBackoffMs }: DeliveryOptions): number {
  // Jitter, so that several agents do not come back to the same server at the same time.
  return Math.min(backoffMs * 2 ** (attempts - 1), maxBackoffMs) * (0.8 + Math.random() * 0.4);
}

function timeoutError(name: string, timeoutMs: number): Error {
  return new FlowtapError('EXPORT_TIMEOUT', `The exporter ${name} took longer than ${timeoutMs} ms.`);
}
