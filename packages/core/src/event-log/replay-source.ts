// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventEmitter } from 'eventemitter3';
import { assertNever } from '../assert-never.js';
import { asError, EventLogError, StateError } from '../errors.js';
import type { LostEvent, TapEvent } from '../events.js';
import { errorCode } from '../exporters/output-file.js';
import { type Logger, silentLogger } from '../logger.js';
import type { ClockBase, EventSource, EventSourceEvents } from '../source.js';
import { decodeEvent } from './decode-event.js';
import { decodeHeader, decodePreamble, type EventLogHeader, headerCut, PREAMBLE_BYTES, parseJson } from './format.js';
import { FrameReader, type RawFrame } from './frame-reader.js';

export interface ReplaySourceOptions {
  /** An event log that a recorder wrote. */
  readonly path: string;
  /** @default silent */
  readonly logger?: Logger;
}

/**
 * Emitted without a pause: at least 37 bytes make an exchange, so that this is fewer flows than half of an export
 * queue holds.
 */
const TURN_BYTES = 128 * 1024;
const TURN_EVENTS = 512;

/**
 * Emits the events of a recorded log, in their order and as fast as its consumers can take them, then `end`. A log that
 * was cut or damaged gives all events before that place, and a `lost` event.
 */
export class ReplaySource extends EventEmitter<EventSourceEvents> implements EventSource {
  readonly #path: string;
  readonly #logger: Logger;
  #header: EventLogHeader | undefined;
  #ready: () => Promise<void> | undefined = () => undefined;
  #isStarted = false;
  #isStopped = false;
  #endWait: () => void = () => {};
  #replay: Promise<void> | undefined;
  #lastTimestampNs = 0;
  #events = 0;
  #bytes = 0;
  #damagedFrames = 0;

  constructor({ path, logger = silentLogger }: ReplaySourceOptions) {
    super();
    this.#path = path;
    this.#logger = logger;
  }

  /** @throws StateError `STATE_NOT_STARTED` */
  get clock(): ClockBase {
    if (this.#header === undefined) {
      throw new StateError('STATE_NOT_STARTED', 'The clock of a replay is known when it is started.');
    }
    return this.#header.clock;
  }

  get redactionKey(): Uint8Array {
    return this.#header?.redactionKey ?? new Uint8Array();
  }

  counters(): Readonly<Record<string, number>> {
    return { events: this.#events, bytes: this.#bytes, damagedFrames: this.#damagedFrames };
  }

  paceBy(ready: () => Promise<void> | undefined): void {
    this.#ready = ready;
  }

  /**
   * Checks that the file is an event log; the events follow in later turns of the event loop.
   *
   * @throws EventLogError `EVENT_LOG_UNREADABLE`, `EVENT_LOG_NOT_A_LOG`, `EVENT_LOG_VERSION`, `EVENT_LOG_TRUNCATED`,
   * `EVENT_LOG_DAMAGED`
   */
  async start(): Promise<void> {
    if (this.#isStarted) throw new StateError('STATE_STARTED', 'This replay was started already.');
    this.#isStarted = true;
    const handle = await openLog(this.#path);
    const reader = new FrameReader(handle);
    try {
      this.#header = await readHeader(this.#path, reader);
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#replay = this.#run(handle, reader);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endWait();
    await this.#replay;
  }

  async #run(handle: FileHandle, reader: FrameReader): Promise<void> {
    try {
      await this.#emitAll(reader);
    } catch (error) {
      this.emit('error', asError(error));
    } finally {
      await handle.close();
    }
    this.emit('end');
  }

  async #emitAll(reader: FrameReader): Promise<void> {
    let turnEvents = TURN_EVENTS;
    let turnBytes = 0;
    while (!this.#isStopped) {
      if (turnEvents >= TURN_EVENTS || turnBytes >= TURN_BYTES) {
        await this.#pause();
        turnEvents = 0;
        turnBytes = 0;
        continue;
      }
      const frame = reader.next();
      if (frame === undefined) {
        if (reader.isDamaged || (await reader.fill()) === 0) break;
        continue;
      }
      this.#emitFrame(frame);
      turnEvents++;
      turnBytes += frame.payload.length;
    }
    if (!this.#isStopped) this.#reportEnd(reader);
  }

  /** Lets exporters and timers run, and waits for consumers that are behind. */
  async #pause(): Promise<void> {
    await nextTurn();
    for (let wait = this.#ready(); wait !== undefined && !this.#isStopped; wait = this.#ready()) {
      // A consumer that is stuck must not keep stop() waiting.
      const stopped = new Promise<void>((resolve) => {
        this.#endWait = resolve;
      });
      await Promise.race([wait, stopped]);
    }
  }

  #emitFrame({ meta, payload }: RawFrame): void {
    const event = decodeEvent(parseJson(meta), payload);
    if (event === undefined) {
      this.#damagedFrames++;
      this.#emitLoss('event-log-damaged', payload.length);
      return;
    }
    this.#events++;
    this.#bytes += payload.length;
    this.#lastTimestampNs = event.timestampNs;
    this.#emitEvent(event);
  }

  #reportEnd(reader: FrameReader): void {
    if (this.#damagedFrames > 0) {
      this.#logger.warn(`The event log ${this.#path} is damaged: ${this.#damagedFrames} events could not be read.`);
    }
    if (reader.isDamaged) {
      this.#logger.warn(`The event log ${this.#path} is damaged after ${this.#events} events; the rest is left out.`);
      this.#emitLoss('event-log-damaged', reader.leftBytes);
    } else if (reader.leftBytes > 0) {
      this.#logger.warn(`The event log ${this.#path} was cut at its end; all ${this.#events} whole events are there.`);
      this.#emitLoss('event-log-truncated', reader.leftBytes);
    }
  }

  #emitLoss(cause: string, bytes: number): void {
    const event: LostEvent = { type: 'lost', timestampNs: this.#lastTimestampNs, cause, events: 1, bytes };
    this.emit('lost', event);
  }

  #emitEvent(event: TapEvent): void {
    switch (event.type) {
      case 'connect':
        this.emit('connect', event);
        return;
      case 'getsockname':
        this.emit('getsockname', event);
        return;
      case 'data':
        this.emit('data', event);
        return;
      case 'close':
        this.emit('close', event);
        return;
      case 'process':
        this.emit('process', event);
        return;
      case 'lost':
        this.emit('lost', event);
        return;
      default:
        assertNever(event);
    }
  }
}

async function readHeader(path: string, reader: FrameReader): Promise<EventLogHeader> {
  try {
    const length = decodePreamble(path, await reader.bytes(PREAMBLE_BYTES));
    const json = await reader.bytes(length);
    if (json.length < length) throw headerCut(path);
    return decodeHeader(path, json);
  } catch (error) {
    if (error instanceof EventLogError) throw error;
    throw unreadable(path, error);
  }
}

async function openLog(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): EventLogError {
  const reasons: Record<string, string> = {
    ENOENT: 'There is no such file.',
    EACCES: 'You have no permission to read it.',
    EISDIR: 'It is a directory.',
  };
  const hint = reasons[errorCode(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
  return new EventLogError('EVENT_LOG_UNREADABLE', `The event log ${path} cannot be read.`, { hint, cause: error });
}
