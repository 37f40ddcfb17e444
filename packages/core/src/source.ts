// SPDX-License-Identifier: Apache-2.0
import type { EventEmitter } from 'eventemitter3';
import type { CloseEvent, ConnectEvent, DataEvent, GetsocknameEvent, LostEvent, ProcessEvent } from './events.js';

export interface EventSourceEvents {
  connect: [event: ConnectEvent];
  getsockname: [event: GetsocknameEvent];
  data: [event: DataEvent];
  close: [event: CloseEvent];
  process: [event: ProcessEvent];
  lost: [event: LostEvent];
  /** After this the source emits nothing more. */
  error: [error: Error];
  /** All events that the source will ever emit have been emitted (end of a log, `stop()`). */
  end: [];
}

/** How the source's clock relates to the world's. */
export interface ClockBase {
  /** Wall-clock time (milliseconds since the Unix epoch, with fraction) … */
  readonly epochMs: number;
  /** … at this monotonic time (nanoseconds). */
  readonly monotonicNs: number;
}

/**
 * Emits typed events. `BpfSource` reads them from the kernel, `ReplaySource` from a recorded log.
 * Events are emitted in order, synchronously one after the other; listeners must not keep `DataEvent.bytes`.
 */
export interface EventSource extends EventEmitter<EventSourceEvents> {
  /** Resolves when everything is attached and events flow. */
  start(): Promise<void>;
  /** Emits what is pending, then `end`, then releases everything. Idempotent; works while events arrive. */
  stop(): Promise<void>;
  /** Known from `start()` on. */
  readonly clock: ClockBase;
  /** Key for redaction hashes that a recorded log brings along, so that a replay gives equal flows. */
  readonly redactionKey?: Uint8Array;
  /**
   * Given before `start()` to a source that can wait: it asks `ready` now and then, and emits nothing until the promise
   * that it may answer with resolves. One that reads a log waits for as long as it takes; a live one for a moment only,
   * and what its consumers cannot take then is dropped and counted.
   */
  paceBy?(ready: () => Promise<void> | undefined): void;
  /**
   * Lets whoever waits for this thread's processor run first (sched_yield(2)), where the source was asked to put the captured
   * programs first; else does nothing. For work that takes longer than a tenth of a millisecond or so.
   */
  yieldProcessor?(): void;
  /** Counters of the source itself, merged into the tap's statistics. */
  counters?(): Readonly<Record<string, number>>;
}
