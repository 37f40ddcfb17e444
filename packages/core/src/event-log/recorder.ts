// SPDX-License-Identifier: Apache-2.0

import { EventLogError, StateError } from '../errors.js';
import type { TapEvent } from '../events.js';
import { OutputFile } from '../exporters/output-file.js';
import { type Logger, silentLogger } from '../logger.js';
import type { EventSource } from '../source.js';
import type { EventRecorder } from '../tap/tap-options.js';
import { encodeHeader } from './format.js';
import { LogChunk, payloadBytesOf } from './log-chunk.js';
import { LogWriter } from './log-writer.js';

export interface RecorderOptions {
  /** Created with mode 0600. What was there is replaced. */
  readonly path: string;
  /** Bytes that may wait for the disk; what comes on top is dropped and counted. @default 67108864 */
  readonly maxWaitingBytes?: number;
  /** @default silent */
  readonly logger?: Logger;
}

const DEFAULT_MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** An event is on disk after this long, so that a log of a killed process holds almost everything. */
const MAX_DELAY_MS = 100;
const EVENT_TYPES = ['connect', 'getsockname', 'data', 'close', 'process', 'lost'] as const;

/**
 * Writes the events of a source to an event log, which `ReplaySource` turns into the same events again. The log holds
 * everything that was captured, unredacted, and the key of the redaction: treat it as a secret.
 *
 * What the disk cannot take is dropped and counted, and a `lost` event in the log says so. The capture goes on.
 */
export function createRecorder(options: RecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #path: string;
  readonly #maxWaitingBytes: number;
  readonly #logger: Logger;
  #source: EventSource | undefined;
  #file: OutputFile | undefined;
  #writer: LogWriter | undefined;
  #chunk = new LogChunk();
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;
  #warned = false;
  #events = 0;
  #bytes = 0;
  #dropped = 0;
  #droppedBytes = 0;
  /** Dropped since the last `lost` event in the log. */
  #untold = { events: 0, bytes: 0 };

  constructor({ path, maxWaitingBytes = DEFAULT_MAX_WAITING_BYTES, logger = silentLogger }: RecorderOptions) {
    this.#path = path;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#logger = logger;
  }

  /** Of each event that the source emitted, exactly one of `events` and `dropped` tells. */
  get counters() {
    return { events: this.#events, bytes: this.#bytes, dropped: this.#dropped, droppedBytes: this.#droppedBytes };
  }

  attach(source: EventSource, redactionKey: Uint8Array): void {
    if (this.#source !== undefined) throw new StateError('STATE_STARTED', 'This recorder is attached already.');
    this.#file = openLog(this.#path);
    this.#source = source;
    this.#writer = new LogWriter({
      file: this.#file,
      header: () => encodeHeader({ clock: source.clock, redactionKey }),
      onFailed: (chunk, error, isFinal) => this.#failed(chunk, error, isFinal),
    });
    for (const type of EVENT_TYPES) source.on(type, this.#record);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  async #close(): Promise<void> {
    for (const type of EVENT_TYPES) this.#source?.off(type, this.#record);
    this.#seal();
    await this.#writer?.finish();
    await this.#file?.sync();
    this.#file?.close();
  }

  readonly #record = (event: TapEvent): void => {
    if (this.#untold.events > 0 && this.#hasRoom) this.#tellLoss(event.timestampNs);
    if (this.#hasRoom && this.#append(event)) return;
    this.#drop(1, payloadBytesOf(event));
    this.#warn(this.#hasRoom ? 'an event was too big for it' : 'the disk is too slow, and events are left out');
  };

  get #hasRoom(): boolean {
    return (this.#writer?.waitingBytes ?? 0) + this.#chunk.length <= this.#maxWaitingBytes;
  }

  #append(event: TapEvent): boolean {
    if (!this.#chunk.add(event)) return false;
    this.#events++;
    this.#bytes += payloadBytesOf(event);
    if (this.#chunk.isFull) this.#seal();
    else this.#timer ??= setTimeout(() => this.#seal(), MAX_DELAY_MS).unref();
    return true;
  }

  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#chunk.length === 0) return;
    const sealed = this.#chunk;
    this.#chunk = new LogChunk();
    this.#writer?.add(sealed);
  }

  #tellLoss(timestampNs: number): void {
    const { events, bytes } = this.#untold;
    this.#untold = { events: 0, bytes: 0 };
    const event: TapEvent = { type: 'lost', timestampNs, cause: 'not-recorded', events, bytes };
    // It is the recorder's own, not one of the source.
    if (this.#chunk.add(event)) this.#chunk.events--;
  }

  #failed(chunk: LogChunk, error: Error, isFinal: boolean): void {
    this.#events -= chunk.events;
    this.#bytes -= chunk.payloadBytes;
    this.#drop(chunk.events, chunk.payloadBytes);
    this.#warn(`${error.message}; events are missing in it${isFinal ? ' from here on' : ''}`);
  }

  #drop(events: number, bytes: number): void {
    this.#dropped += events;
    this.#droppedBytes += bytes;
    this.#untold = { events: this.#untold.events + events, bytes: this.#untold.bytes + bytes };
  }

  #warn(reason: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(`The event log ${this.#path} is not complete: ${reason}. The capture goes on.`);
  }
}

function openLog(path: string): OutputFile {
  try {
    return new OutputFile(path, 'replace');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new EventLogError('EVENT_LOG_UNWRITABLE', `The event log ${message}`, { cause: error });
  }
}
