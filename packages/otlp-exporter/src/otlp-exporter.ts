// SPDX-License-Identifier: Apache-2.0
import { type Exporter, type ExportOptions, type ExportResult, type Flow, inSteps } from '@flowtap/core';
import { FlowSpans } from './flow-to-span.js';
import { type OtlpOptions, type ResolvedOtlpOptions, resolveOtlpOptions } from './options.js';
import { openSender, type SpanSender } from './span-sender.js';

/**
 * Sends flows as spans to whatever receives OTLP: a collector, a tracing system. A flow whose request has a `traceparent`
 * belongs to that trace, below the span that sent it.
 *
 * @throws ConfigError `CONFIG_INVALID_OPTION`, `CONFIG_PLAINTEXT`
 */
export function otlp(options: OtlpOptions): Exporter {
  return new OtlpExporter(options);
}

class OtlpExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name: string;
  /** A receiver that is away may come back. A span is at most some 10 KB, and receivers refuse more than 4 MiB at once. */
  readonly pipeline = {
    maxBatchFlows: 256,
    exportTimeoutMs: 30_000,
    maxAttempts: 1000,
    backoffMs: 100,
    maxBackoffMs: 2000,
  };
  readonly #options: ResolvedOtlpOptions;
  readonly #spans = new FlowSpans();
  #sender: SpanSender | undefined;

  constructor(options: OtlpOptions) {
    this.#options = resolveOtlpOptions(options);
    // Without what may be secret in a URL.
    this.name = `otlp:${new URL(this.#options.url).host}`;
  }

  async start(): Promise<void> {
    this.#sender = await openSender(this.#options);
  }

  async export(flows: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
    this.#sender ??= await openSender(this.#options);
    return this.#sender.send(
      Array.from(inSteps(flows, options), (flow) => this.#spans.of(flow)),
      options.signal,
    );
  }

  /** Nothing to do: what was exported is acknowledged. */
  async flush(): Promise<void> {}

  async shutdown(): Promise<void> {
    await this.#sender?.close();
  }
}
