// SPDX-License-Identifier: Apache-2.0
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { type Exporter, type ExportResult, type Flow, isHttpMessage, type Logger } from '@flowtap/core';
import { exportResultOf } from '../call-error.js';
import { serverPipeline } from '../export-policy.js';
import { Flow as GuiFlow } from '../gen/api/api.js';
import { batchesOf, writeRepeated } from '../message-batch.js';
import { type ConnectionOptions, resolveConnectionOptions } from '../options.js';
import type { ContainerControl } from '../reported-container.js';
import { Transport } from '../transport.js';
import { requestToGui, responseToGui } from './flow-to-gui.js';
import { GuiSession } from './gui-session.js';

export interface TrayceGuiOptions extends ConnectionOptions {
  /** Lets the GUI choose containers. @default it is told that there are none, and what it asks for is ignored */
  readonly control?: ContainerControl;
}

const SEND_FLOWS = '/api.TrayceAgent/SendFlowsObserved';
/** `Flows.flows` */
const FLOWS_FIELD = 1;

/**
 * Sends flows to the desktop GUI of Trayce, which listens on port 50052 unless told otherwise. The GUI may start before
 * or after, and restart. Each flow is sent as its request and, with the same id, its response. Encrypted connections that
 * could not be read, and responses whose request was not captured, have no form there and are left out.
 *
 * @throws ConfigError `CONFIG_INVALID_OPTION`, `CONFIG_PLAINTEXT`
 * @example
 * createTap({ source, protocols: [http1()], exporters: [trayceGui({ address: 'localhost:50052' })] });
 */
export function trayceGui(options: TrayceGuiOptions): Exporter {
  return new TrayceGuiExporter(options);
}

class TrayceGuiExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name: string;
  readonly pipeline = serverPipeline;
  readonly #transport: Transport;
  readonly #session: GuiSession;
  readonly #maxBodyBytes: number;
  readonly #logger: Logger;
  #leftOut = 0;

  constructor(options: TrayceGuiOptions) {
    const resolved = resolveConnectionOptions(options);
    this.name = `grpc:${resolved.address.text}`;
    this.#maxBodyBytes = resolved.maxBodyBytes;
    this.#logger = resolved.logger;
    this.#transport = new Transport(resolved);
    this.#session = new GuiSession(this.#transport, this.name, resolved.logger, options.control);
  }

  async start(): Promise<void> {
    this.#session.start();
  }

  async export(flows: readonly Flow[], { signal }: { readonly signal: AbortSignal }): Promise<ExportResult> {
    try {
      for (const batch of batchesOf(this.#encoded(flows))) {
        const writer = new BinaryWriter();
        writeRepeated(writer, FLOWS_FIELD, batch);
        await this.#transport.unary(SEND_FLOWS, writer.finish(), signal);
      }
    } catch (error) {
      return exportResultOf(error);
    }
    this.#leftOut += flows.filter((flow) => !hasForm(flow)).length;
    return { status: 'ok' };
  }

  /** Nothing to do: a call that succeeded was answered. */
  async flush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#session.stop();
    this.#transport.close();
    if (this.#leftOut === 0) return;
    this.#logger.warn(
      `Exporter ${this.name}: ${this.#leftOut} flows were left out, which the GUI has no form for: encrypted and not readable, or without a request.`,
    );
  }

  *#encoded(flows: readonly Flow[]): Generator<Uint8Array> {
    for (const flow of flows) {
      if (flow.kind !== 'flow') continue;
      const request = requestToGui(flow, this.#maxBodyBytes);
      if (request === undefined) continue;
      yield GuiFlow.encode(request).finish();
      const response = responseToGui(flow, this.#maxBodyBytes);
      if (response !== undefined) yield GuiFlow.encode(response).finish();
    }
  }
}

function hasForm(flow: Flow): boolean {
  return flow.kind === 'flow' && isHttpMessage(flow.request);
}
