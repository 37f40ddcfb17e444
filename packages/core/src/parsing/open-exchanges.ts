// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow } from '../flow/flow.js';
import type { FlowMessage } from '../flow/flow-message.js';
import type { FlowUpdateSink } from '../flow/flow-update.js';
import type { OpenExchange, ParsedExchange } from './protocol-plugin.js';

const NEVER_ENDED = Object.freeze({
  code: 'not-ended',
  message: 'The parser of the connection stopped before the exchange ended.',
});

/** An exchange that consumers have been told of. */
class OpenFlow implements OpenExchange {
  readonly flowId: string;
  readonly #flow: ExchangeFlow;
  readonly #updates: FlowUpdateSink;
  #messages: number;
  #hasEnded = false;

  /** `messages`: how many there were already. */
  constructor(flow: ExchangeFlow, updates: FlowUpdateSink, messages: number) {
    this.flowId = flow.id;
    this.#flow = flow;
    this.#updates = updates;
    this.#messages = messages;
  }

  get messages(): number {
    return this.#messages;
  }

  message(message: FlowMessage): void {
    if (this.#hasEnded) return;
    const index = this.#messages++;
    this.#updates.message({ kind: 'message', flowId: this.flowId, flow: this.#flow, index, message });
  }

  end(): void {
    this.#hasEnded = true;
  }
}

/** What one parser has announced and not ended yet. Bounded; whatever opens here ends. */
export class OpenExchanges {
  readonly #updates: FlowUpdateSink;
  readonly #maxOpen: number;
  readonly #open = new Map<OpenExchange, ParsedExchange>();

  constructor(updates: FlowUpdateSink, maxOpen: number) {
    this.#updates = updates;
    this.#maxOpen = maxOpen;
  }

  get isFull(): boolean {
    return this.#open.size >= this.#maxOpen;
  }

  /** `flow`: made of the exchange. An exchange that was open already (`exchange.opened`) goes on under its id. */
  open(exchange: ParsedExchange, flow: ExchangeFlow): OpenExchange | undefined {
    const shown = this.#updates.open(flow);
    const before = exchange.opened;
    if (before !== undefined) this.end(before);
    if (shown === undefined) return undefined;
    const opened = new OpenFlow(shown, this.#updates, before instanceof OpenFlow ? before.messages : 0);
    this.#open.set(opened, exchange);
    return opened;
  }

  /** The exchange was handed out, or goes on elsewhere. */
  end(opened: OpenExchange): void {
    this.#open.delete(opened);
    if (opened instanceof OpenFlow) opened.end();
  }

  /** Ends what the parser has left open: as it was announced. */
  *rest(): Generator<ParsedExchange> {
    for (const [opened, exchange] of this.#open) {
      this.end(opened);
      yield { ...exchange, opened, error: exchange.error ?? NEVER_ENDED };
    }
  }
}
