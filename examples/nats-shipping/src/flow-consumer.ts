// SPDX-License-Identifier: Apache-2.0
import { AckPolicy, type ConsumerMessages, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { ensureStream, STREAM } from './flow-stream.js';

/** A flow as it arrives. */
export interface ArrivedFlow {
  /** The flow's own id. */
  readonly id: string;
  /** As `flow.schema.json` of `@flowtap/core` describes it. */
  readonly json: string;
  /** It has arrived before. */
  readonly isDuplicate: boolean;
}

export interface FlowConsumerOptions {
  readonly servers: readonly string[];
  /** Consumers of the same name share the flows between them; each goes on where they have stopped. */
  readonly name: string;
  /** Ends the consumption. */
  readonly signal: AbortSignal;
}

/** What is not acknowledged by then comes again: what was on its way when a server went down, for example. */
const ACK_WAIT_MS = 5000;
/** So long a request for messages stands; a server that went down and came back is asked again by then. */
const PULL_MS = 5000;
/** Ids that are remembered: what is repeated comes soon after. */
const REMEMBERED_IDS = 200_000;

/** The flows of all hosts. Each is acknowledged when the next one is asked for. */
export async function* consumeFlows({ servers, name, signal }: FlowConsumerOptions): AsyncGenerator<ArrivedFlow> {
  const connection = await connect({ servers: [...servers], name, maxReconnectAttempts: -1, reconnectTimeWait: 250 });
  try {
    await ensureStream(connection);
    const { consumers } = await jetstreamManager(connection);
    const ack_wait = nanos(ACK_WAIT_MS);
    await consumers.add(STREAM, { durable_name: name, ack_policy: AckPolicy.Explicit, ack_wait });
    const consumer = await jetstream(connection).consumers.get(STREAM, name);
    const messages: ConsumerMessages = await consumer.consume({ max_messages: 500, expires: PULL_MS });
    const stop = () => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const seen = new RecentIds(REMEMBERED_IDS);
    for await (const message of messages) {
      const id = message.headers?.get('Nats-Msg-Id') ?? '';
      yield { id, json: message.string(), isDuplicate: seen.add(id) };
      message.ack();
    }
  } finally {
    await connection.close();
  }
}

class RecentIds {
  readonly #ids = new Set<string>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True when the id was there already. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return true;
    this.#ids.add(id);
    if (this.#ids.size > this.#capacity) {
      for (const oldest of this.#ids) {
        this.#ids.delete(oldest);
        break;
      }
    }
    return false;
  }
}
