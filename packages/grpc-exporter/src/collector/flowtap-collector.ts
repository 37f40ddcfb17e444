// SPDX-License-Identifier: Apache-2.0
import { type Exporter, type ExportOptions, type ExportResult, type Flow, inSteps } from '@flowtap/core';
import { exportResultOf } from '../call-error.js';
import { serverPipeline } from '../export-policy.js';
import { Flow as ProtoFlow } from '../gen/flowtap/v1/flow.js';
import { batchesOf } from '../message-batch.js';
import { type ConnectionOptions, type ResolvedConnectionOptions, resolveConnectionOptions } from '../options.js';
import type { ContainerControl } from '../reported-container.js';
import { Transport } from '../transport.js';
import { CommandSession } from './command-session.js';
import { FlowStream } from './flow-stream.js';
import { flowToProto } from './flow-to-proto.js';

export interface FlowtapCollectorOptions extends ConnectionOptions {
  /** Lets the collector choose containers. @default none: only flows are sent */
  readonly control?: ContainerControl;
}

/**
 * Sends flows, with everything that is known of them, to a server that implements `flowtap.v1.FlowtapService`
 * (`proto/flowtap/v1` of this package). Batches that the server did not acknowledge are sent again.
 *
 * @throws ConfigError `CONFIG_INVALID_OPTION`, `CONFIG_PLAINTEXT`
 * @example
 * createTap({ source, protocols: [http1()], exporters: [flowtapCollector({ address: 'flows.example.org:443', tls: {} })] });
 */
export function flowtapCollector(options: FlowtapCollectorOptions): Exporter {
  return new FlowtapCollectorExporter(options);
}

class FlowtapCollectorExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name: string;
  readonly pipeline = serverPipeline;
  readonly #options: ResolvedConnectionOptions;
  readonly #transport: Transport;
  readonly #commands: CommandSession | undefined;
  #stream: FlowStream | undefined;

  constructor(options: FlowtapCollectorOptions) {
    this.#options = resolveConnectionOptions(options);
    this.name = `flowtap:${this.#options.address.text}`;
    this.#transport = new Transport(this.#options);
    this.#commands =
      options.control && new CommandSession(this.#transport, this.name, this.#options.logger, options.control);
  }

  async start(): Promise<void> {
    this.#commands?.start();
  }

  async export(flows: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
    const { signal } = options;
    const stream = this.#openStream();
    const cancel = () => stream.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      for (const batch of batchesOf(this.#encoded(inSteps(flows, options)))) await stream.send(batch);
      await stream.acknowledged();
      return { status: 'ok' };
    } catch (error) {
      // What is on the way on it would be acknowledged as something else.
      stream.cancel();
      this.#stream = undefined;
      return exportResultOf(error);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Nothing to do: what was exported is acknowledged. */
  async flush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#commands?.stop();
    this.#stream?.finish();
    this.#transport.close();
  }

  #openStream(): FlowStream {
    const { address, callTimeoutMs } = this.#options;
    if (this.#stream?.hasEnded !== false) {
      this.#stream = new FlowStream(this.#transport, address.text, callTimeoutMs);
    }
    return this.#stream;
  }

  *#encoded(flows: Iterable<Flow>): Generator<Uint8Array> {
    for (const flow of flows) yield ProtoFlow.encode(flowToProto(flow, this.#options.maxBodyBytes)).finish();
  }
}
