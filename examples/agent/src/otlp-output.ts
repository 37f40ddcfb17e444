// SPDX-License-Identifier: Apache-2.0
import type { Exporter, Logger } from '@flowtap/core';
import type { ConnectionOptions } from '@flowtap/grpc-exporter';
import { connectionUsageError } from './connection-usage-error.js';
import type { OtlpSpec } from './options/output-spec.js';

/** @throws UsageError */
export async function createOtlpExporter(
  { url }: OtlpSpec,
  { tls, ...serverOptions }: Omit<ConnectionOptions, 'address'>,
  logger: Logger,
): Promise<Exporter> {
  // Loaded on demand: most runs have no use for it.
  const [{ otlp }, { diag, DiagLogLevel }] = await Promise.all([
    import('@flowtap/otlp-exporter'),
    import('@opentelemetry/api'),
  ]);
  const say = (...words: readonly unknown[]) => logger.warn(`otlp: ${words.join(' ')}`);
  // Here it is told when a receiver takes a part of the spans only.
  diag.setLogger({ error: say, warn: say, info: say, debug: say, verbose: say }, DiagLogLevel.WARN);
  // The scheme of HTTP says whether it is encrypted; the options for TLS may be meant for another output.
  const isPlain = url.startsWith('http://');
  try {
    return otlp({ url, ...serverOptions, ...(tls === undefined || isPlain ? {} : { tls }) });
  } catch (error) {
    throw connectionUsageError(error, 'otlp', url, isPlain ? 'an https URL' : '--tls');
  }
}
