// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import {
  type Exporter,
  type ExportOptions,
  type ExportResult,
  type Flow,
  flowToJson,
  inSteps,
  type Logger,
  silentLogger,
} from '@flowtap/core';
import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { ensureStream, subjectOf } from './flow-stream.js';

export interface NatsExporterOptions {
  /** `host:port` of the servers. */
  readonly servers: readonly string[];
  /** Part of the subject. @default the name of this machine */
  readonly host?: string;
  /** A flow that is not acknowledged within this time is sent again. @default 2000 */
  readonly ackTimeoutMs?: number;
  /** @default silent */
  readonly logger?: Logger;
}

interface Message {
  readonly id: string;
  readonly subject: string;
  readonly json: Buffer;
}

/** What the message id and its like add to a payload. */
const HEADER_BYTES = 512;
/** Between two attempts to find a server again. */
const RECONNECT_MS = 250;
/** A server that does not answer does not keep the tap from ending. */
const CLOSE_MS = 2000;

/**
 * Publishes each flow to NATS JetStream, with its id as the message id, and waits until the server has stored it: at least
 * once, and what comes twice is known by its id. The queue, the batches and the repetition are the tap's; it keeps flows
 * through two minutes without a server, and counts what it then has to give up.
 */
export function natsExporter(options: NatsExporterOptions): Exporter {
  return new NatsExporter(options);
}

class NatsExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name = 'nats';
  readonly pipeline = {
    maxQueueFlows: 65_536,
    maxQueueBytes: 64 * 1024 * 1024,
    // All of a batch is under way at once.
    maxBatchFlows: 256,
    exportTimeoutMs: 120_000,
    maxAttempts: 1000,
    maxBackoffMs: 1000,
    drainTimeoutMs: 30_000,
  };
  readonly #servers: string[];
  readonly #host: string;
  readonly #ackTimeoutMs: number;
  readonly #logger: Logger;
  #connection: NatsConnection | undefined;
  #stream: JetStreamClient | undefined;
  #isConnected = false;

  constructor(options: NatsExporterOptions) {
    this.#servers = [...options.servers];
    this.#host = options.host ?? hostname();
    this.#ackTimeoutMs = options.ackTimeoutMs ?? 2000;
    this.#logger = options.logger ?? silentLogger;
  }

  async export(flows: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
    const messages = Array.from(inSteps(flows, options), (flow) => this.#message(flow));
    try {
      const [stream, maxBytes] = await this.#ready();
      const sent = messages.map((message) => this.#publish(stream, message, maxBytes));
      const results = await Promise.race([Promise.allSettled(sent), aborted(options.signal)]);
      const failed = results.find((result) => result.status === 'rejected');
      return failed === undefined ? { status: 'ok' } : retry(failed.reason);
    } catch (error) {
      return retry(error);
    }
  }

  async flush(): Promise<void> {
    // What was exported is acknowledged.
  }

  async shutdown(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    const late = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([connection.close().catch(() => {}), late]);
  }

  /** @throws Error while there is no server: the client would keep what it is given, beside the tap's own queue. */
  async #ready(): Promise<[JetStreamClient, number]> {
    this.#connection ??= await this.#connect();
    if (!this.#isConnected) throw new Error('There is no connection to a NATS server.');
    if (this.#stream === undefined) {
      await ensureStream(this.#connection);
      this.#stream = jetstream(this.#connection, { timeout: this.#ackTimeoutMs });
    }
    return [this.#stream, this.#connection.info?.max_payload ?? Number.POSITIVE_INFINITY];
  }

  async #connect(): Promise<NatsConnection> {
    const connection = await connect({
      servers: this.#servers,
      name: `flowtap ${this.#host}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
    });
    this.#isConnected = true;
    void this.#follow(connection);
    return connection;
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.#isConnected = false;
      else if (type === 'reconnect') this.#isConnected = true;
    }
  }

  #message(flow: Flow): Message {
    return { id: flow.id, subject: subjectOf(this.#host, flow.protocol), json: Buffer.from(flowToJson(flow)) };
  }

  async #publish(stream: JetStreamClient, { id, subject, json }: Message, maxBytes: number): Promise<void> {
    if (json.length + HEADER_BYTES > maxBytes) {
      // No repetition would make it smaller.
      this.#logger.warn(`The flow ${id} is larger than max_payload of the server (${maxBytes} bytes).`);
      return;
    }
    await stream.publish(subject, json, { msgID: id, timeout: this.#ackTimeoutMs });
  }
}

function retry(thrown: unknown): ExportResult {
  return { status: 'retry', error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
