// SPDX-License-Identifier: Apache-2.0
import { checkServerIdentity } from 'node:tls';
import { type ExportResult, FlowtapError } from '@flowtap/core';
import { ExportResultCode, type ExportResult as OtelResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { asResult } from './export-result.js';
import type { OtlpTlsOptions, ResolvedOtlpOptions } from './options.js';

/** Sends batches of spans, one at a time. */
export interface SpanSender {
  /** Never rejects. */
  send(spans: ReadableSpan[], signal: AbortSignal): Promise<ExportResult>;
  close(): Promise<void>;
}

export async function openSender(options: ResolvedOtlpOptions): Promise<SpanSender> {
  const exporter = options.kind === 'grpc' ? await openGrpc(options) : await openHttp(options);
  let isAborted = false;
  return {
    async send(spans, signal) {
      const { promise: aborted, stop } = whenAborted(signal);
      const result = await Promise.race([exported(exporter, spans), aborted]);
      stop();
      if (result !== undefined) return result;
      isAborted = true;
      return { status: 'failed', error: new FlowtapError('EXPORT_ABORTED', 'It was given up.') };
    },
    async close() {
      const closed = exporter.shutdown();
      // It waits for its attempts, and what was given up is not to hold anybody.
      if (isAborted) closed.catch(() => {});
      else await closed;
    },
  };
}

function whenAborted(signal: AbortSignal): { readonly promise: Promise<undefined>; stop(): void } {
  let abort = (): void => {};
  const promise = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  return { promise, stop: () => signal.removeEventListener('abort', abort) };
}

function exported(exporter: SpanExporter, spans: ReadableSpan[]): Promise<ExportResult> {
  return new Promise((resolve) => {
    exporter.export(spans, (result: OtelResult) => {
      resolve(result.code === ExportResultCode.SUCCESS ? { status: 'ok' } : asResult(result.error));
    });
  });
}

async function openHttp({ url, tls, token, callTimeoutMs }: ResolvedOtlpOptions): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter({
    url,
    timeoutMillis: callTimeoutMs,
    concurrencyLimit: 1,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    ...(tls === undefined ? {} : { httpAgentOptions: agentOptions(tls) }),
  });
}

function agentOptions({ ca, certificate, key, serverName }: OtlpTlsOptions) {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

async function openGrpc({ url, tls, token, callTimeoutMs }: ResolvedOtlpOptions): Promise<SpanExporter> {
  const [{ OTLPTraceExporter }, { credentials, Metadata }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-grpc'),
    import('@grpc/grpc-js'),
  ]);
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const { ca, certificate, key, serverName } = tls ?? {};
  const verify =
    serverName === undefined
      ? {}
      : {
          checkServerIdentity: (_: string, peer: Parameters<typeof checkServerIdentity>[1]) =>
            checkServerIdentity(serverName, peer),
        };
  return new OTLPTraceExporter({
    url,
    timeoutMillis: callTimeoutMs,
    concurrencyLimit: 1,
    metadata,
    credentials: tls === undefined ? credentials.createInsecure() : credentials.createSsl(ca, key, certificate, verify),
  });
}
