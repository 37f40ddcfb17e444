// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import { assertNever, type Exporter, har, jsonLines, type Logger, stdout } from '@flowtap/core';
import type { ConnectionOptions, ContainerControl } from '@flowtap/grpc-exporter';
import { connectionUsageError } from './connection-usage-error.js';
import type { OutputSpec, ServerSpec } from './options/output-spec.js';
import { readServerOptions, type ServerOptions } from './options/server-options.js';
import { createOtlpExporter } from './otlp-output.js';

export interface OutputSetup {
  readonly specs: readonly OutputSpec[];
  /** Stream of the human-readable form. */
  readonly readable: Writable;
  readonly serverOptions: ServerOptions;
  /** Lets the server of `control.spec` choose what is captured. */
  readonly control?: { readonly spec: ServerSpec; readonly containers: ContainerControl } | undefined;
  readonly logger: Logger;
}

/** @throws UsageError */
export async function createExporters(setup: OutputSetup): Promise<readonly Exporter[]> {
  const serverOptions = await readServerOptions(setup.serverOptions);
  return Promise.all(
    setup.specs.map((spec): Exporter | Promise<Exporter> => {
      switch (spec.kind) {
        case 'stdout':
          return stdout({ stream: setup.readable });
        case 'json':
          return jsonLines({ stream: process.stdout });
        case 'jsonl':
          return jsonLines({ path: spec.path });
        case 'har':
          return har({ path: spec.path });
        case 'grpc':
        case 'flowtap':
          return createServerExporter(spec, serverOptions, setup);
        case 'otlp':
          return createOtlpExporter(spec, serverOptions, setup.logger);
        default:
          return assertNever(spec);
      }
    }),
  );
}

async function createServerExporter(
  spec: ServerSpec,
  serverOptions: Omit<ConnectionOptions, 'address'>,
  { control, logger }: OutputSetup,
): Promise<Exporter> {
  // Loaded on demand: most runs have no use for gRPC.
  const { flowtapCollector, trayceGui } = await import('@flowtap/grpc-exporter');
  const options = {
    address: spec.address,
    ...serverOptions,
    logger,
    ...(control?.spec === spec ? { control: control.containers } : {}),
  };
  try {
    return spec.kind === 'grpc' ? trayceGui(options) : flowtapCollector(options);
  } catch (error) {
    throw connectionUsageError(error, spec.kind, spec.address, '--tls');
  }
}
