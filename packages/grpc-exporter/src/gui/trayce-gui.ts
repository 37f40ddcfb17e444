// SPDX-License-Identifier: Apache-2.0
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  type ExchangeFlow,
  type Exporter,
  type ExportOptions,
  type ExportResult,
  type Flow,
  type FlowUpdate,
  inSteps,
  isHttpMessage,
  isSqlRequest,
  type Logger,
} from '@flowtap/core';
import { exportResultOf } from '../call-error.js';
import { serverPipeline } from '../export-policy.js';
import { Flow as GuiFlow } from '../gen/api/api.js';
import { batchesOf, writeRepeated } from '../message-batch.js';
import { type ConnectionOptions, resolveConnectionOptions } from '../options.js';
import type { ContainerControl } from '../reported-container.js';
import { Transport } from '../transport.js';
import { AnnouncedRequests, isRequestComplete } from './announced-requests.js';
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
 * or after, and restart. Of each flow the request is sent when it is complete, and the response, with the same id, when the
 * flow has ended. Encrypted connections that
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
  readonly #announced = new AnnouncedRequests();
  #leftOut = 0;

  constructor(options: TrayceGuiOptions) {
    const resolved = resolveConnectionOptions(options);
    this.name = `grpc:${resolved.address.text}`;
    this.#maxBodyBytes = resolved.maxBodyBytes;
    this.#logger = resolved.logger;
    this.#transport = new Transport(resolved);
    this.#session = new GuiSession({
      transport: this.#transport,
      name: this.name,
      logger: resolved.logger,
      control: options.control,
      // A GUI that has restarted knows nothing of requests that were sent before.
      ended: () => this.#announced.clear(),
    });
  }

  async start(): Promise<void> {
    this.#session.start();
  }

  async export(flows: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
    const result = await this.#send(this.#wholeFlows(inSteps(flows, options)), options.signal);
    if (result.status !== 'ok') return result;
    for (const flow of flows) {
      if (flow.kind === 'flow' && hasForm(flow.request)) this.#announced.delete(flow);
      else this.#leftOut += 1;
    }
    return result;
  }

  async exportUpdates(updates: readonly FlowUpdate[], options: ExportOptions): Promise<ExportResult> {
    const opened = updates
      .filter((update) => update.kind === 'open')
      .map(({ flow }) => flow)
      .filter((flow) => isRequestComplete(flow) && !this.#announced.has(flow));
    const result = await this.#send(this.#requests(inSteps(opened, options)), options.signal);
    if (result.status === 'ok') for (const flow of opened) this.#announced.add(flow);
    return result;
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

  async #send(flows: Iterable<GuiFlow | undefined>, signal: AbortSignal): Promise<ExportResult> {
    try {
      for (const batch of batchesOf(encoded(flows))) {
        const writer = new BinaryWriter();
        writeRepeated(writer, FLOWS_FIELD, batch);
        await this.#transport.unary(SEND_FLOWS, writer.finish(), signal);
      }
      return { status: 'ok' };
    } catch (error) {
      return exportResultOf(error);
    }
  }

  *#requests(flows: Iterable<ExchangeFlow>): Generator<GuiFlow | undefined> {
    for (const flow of flows) yield requestToGui(flow, this.#maxBodyBytes);
  }

  *#wholeFlows(flows: Iterable<Flow>): Generator<GuiFlow | undefined> {
    for (const flow of flows) {
      if (flow.kind !== 'flow' || !hasForm(flow.request)) continue;
      if (!this.#announced.has(flow)) yield requestToGui(flow, this.#maxBodyBytes);
      yield responseToGui(flow, this.#maxBodyBytes);
    }
  }
}

/** Whether the GUI can show a flow with this request. */
function hasForm(request: ExchangeFlow['request']): boolean {
  return isHttpMessage(request) || isSqlRequest(request);
}

function* encoded(flows: Iterable<GuiFlow | undefined>): Generator<Uint8Array> {
  for (const flow of flows) if (flow !== undefined) yield GuiFlow.encode(flow).finish();
}
