// SPDX-License-Identifier: Apache-2.0
import {
  ConfigError,
  type Exporter,
  type ExportOptions,
  type ExportResult,
  type Flow,
  flowToJson,
  inSteps,
} from '@flowtap/core';

export interface WebhookOptions {
  /** Where flows are posted: `http:` or `https:`. */
  readonly url: string;
}

/** Answers after which the same flows may be sent once more. */
const RETRIED = [408, 425, 429, 502, 503, 504];

/**
 * Posts flows to an address, some at a time, as JSON lines.
 *
 * @throws ConfigError with code `CONFIG_INVALID_OPTION`
 */
export function webhook({ url }: WebhookOptions): Exporter {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ConfigError('CONFIG_INVALID_OPTION', `webhook: '${url}' is no address.`, {
      hint: 'Give one such as http://localhost:9000/flows.',
    });
  }
  return {
    apiVersion: 1,
    name: `webhook:${new URL(url).host}`,
    // Small batches, soon: whoever listens wants to react.
    pipeline: { maxBatchFlows: 100, maxDelayMs: 200 },
    export: (flows, options) => post(url, flows, options),
    // Each export waits for its answer, so that nothing is ever under way here.
    flush: async () => {},
    shutdown: async () => {},
  };
}

async function post(url: string, flows: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
  if (flows.length === 0) return { status: 'ok' };
  const body = Array.from(inSteps(flows, options), (flow) => `${flowToJson(flow)}\n`).join('');
  try {
    const headers = { 'content-type': 'application/jsonl' };
    const response = await fetch(url, { method: 'POST', headers, body, signal: options.signal });
    await response.body?.cancel();
    return resultOf(response);
  } catch (error) {
    // Nobody is there, or not yet.
    return { status: 'retry', error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function resultOf({ ok, status, headers }: Response): ExportResult {
  if (ok) return { status: 'ok' };
  const error = new Error(`the webhook answered ${status}`);
  if (!RETRIED.includes(status)) return { status: 'failed', error };
  // RFC 9110 §10.2.3, in its usual form.
  const seconds = Number(headers.get('retry-after') ?? 0);
  return { status: 'retry', error, ...(seconds > 0 ? { afterMs: seconds * 1000 } : {}) };
}
