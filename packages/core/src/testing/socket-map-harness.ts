// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '../assert-never.js';
import type { TapEvent } from '../events.js';
import type { ExchangeFlow, Flow, OpaqueFlow } from '../flow/flow.js';
import { silentLogger } from '../logger.js';
import type { ProtocolPlugin } from '../parsing/protocol-plugin.js';
import { SocketMap } from '../sockets/socket-map.js';
import { resolveLimits, type TapLimits } from '../tap/limits.js';
import { lineProtocol } from './line-protocol.js';

export interface HarnessOptions {
  /** @default the line protocol */
  readonly protocols?: readonly ProtocolPlugin[];
  readonly limits?: Partial<TapLimits>;
}

/** A socket map whose flows are collected. Monotonic 0 is epoch 1,000,000 ms. */
export class SocketMapHarness {
  readonly flows: Flow[] = [];
  readonly map: SocketMap;

  constructor(options: HarnessOptions = {}) {
    this.map = new SocketMap({
      protocols: options.protocols ?? [lineProtocol()],
      limits: resolveLimits(options.limits),
      logger: silentLogger,
      clock: () => ({ epochMs: 1_000_000, monotonicNs: 0 }),
      onFlow: (flow) => this.flows.push(flow),
    });
  }

  play(...events: readonly TapEvent[]): this {
    for (const event of events) this.#play(event);
    return this;
  }

  get exchanges(): readonly ExchangeFlow[] {
    return this.flows.filter((flow) => flow.kind === 'flow');
  }

  get opaque(): readonly OpaqueFlow[] {
    return this.flows.filter((flow) => flow.kind === 'opaque');
  }

  /** `request → response` of every exchange; `–` where there is no response. */
  get conversations(): readonly string[] {
    return this.exchanges.map(({ request, response }) => `${textOf(request) ?? '–'} → ${textOf(response) ?? '–'}`);
  }

  count(code: string): number {
    return this.map.counters.get(code);
  }

  #play(event: TapEvent): void {
    switch (event.type) {
      case 'connect':
      case 'getsockname':
        this.map.connect(event);
        return;
      case 'data':
        this.map.data(event);
        return;
      case 'close':
        this.map.close(event);
        return;
      case 'process':
        this.map.process(event);
        return;
      case 'lost':
        this.map.lost(event);
        return;
      default:
        assertNever(event);
    }
  }
}

/** The line protocol's messages are `{ text }`; the flow type only knows the protocols that declared theirs. */
function textOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('text' in message)) return undefined;
  return String(message.text);
}
