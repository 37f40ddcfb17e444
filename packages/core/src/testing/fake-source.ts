// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'eventemitter3';
import { assertNever } from '../assert-never.js';
import type { TapEvent } from '../events.js';
import type { ClockBase, EventSource, EventSourceEvents } from '../source.js';

export interface FakeSourceOptions {
  /** @default monotonic 0 ns is 2024-01-01T00:00:00Z */
  readonly clock?: ClockBase;
  readonly redactionKey?: Uint8Array;
  readonly counters?: Readonly<Record<string, number>>;
  /** Runs inside `start()`; may emit events or throw. */
  readonly onStart?: () => void | Promise<void>;
}

/** A source whose events come from the test. */
export class FakeSource extends EventEmitter<EventSourceEvents> implements EventSource {
  readonly clock: ClockBase;
  readonly redactionKey?: Uint8Array;
  /** How often `stop()` was called. */
  stopCalls = 0;
  readonly #counters: Readonly<Record<string, number>>;
  readonly #onStart: (() => void | Promise<void>) | undefined;
  #isEnded = false;

  constructor(options: FakeSourceOptions = {}) {
    super();
    this.clock = options.clock ?? { epochMs: Date.UTC(2024, 0, 1), monotonicNs: 0 };
    if (options.redactionKey !== undefined) this.redactionKey = options.redactionKey;
    this.#counters = options.counters ?? {};
    this.#onStart = options.onStart;
  }

  async start(): Promise<void> {
    await this.#onStart?.();
  }

  async stop(): Promise<void> {
    this.stopCalls += 1;
    this.end();
  }

  /** What a log does at its end: everything has been emitted. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.emit('end');
  }

  /** Emits the events one after the other. */
  play(...events: readonly TapEvent[]): void {
    for (const event of events) emitEvent(this, event);
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }
}

function emitEvent(source: EventEmitter<EventSourceEvents>, event: TapEvent): void {
  switch (event.type) {
    case 'connect':
      source.emit('connect', event);
      return;
    case 'getsockname':
      source.emit('getsockname', event);
      return;
    case 'data':
      source.emit('data', event);
      return;
    case 'close':
      source.emit('close', event);
      return;
    case 'process':
      source.emit('process', event);
      return;
    case 'lost':
      source.emit('lost', event);
      return;
    default:
      assertNever(event);
  }
}
