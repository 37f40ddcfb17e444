// SPDX-License-Identifier: Apache-2.0
import type { GuardedParser, ParserCall } from './guarded-parser.js';
import { Watchdog } from './watchdog.js';

/** Why a parser was ended from outside. */
export class GuardError extends Error {
  /** As it is counted. */
  readonly code: 'parser-timeout' | 'plugin-off';

  constructor(code: GuardError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** How many timeouts of one plugin say that it is no use: each of them holds everything up. */
const MAX_TIMEOUTS = 8;
/** A batch ends here, whatever the events do. */
const MAX_CALLS = 1024;
const MAX_BYTES = 1024 * 1024;
/** After so long the watchdog is set anew, so that a call is given its own time and not what others left of it. */
const SLICE_MS = 20;

/**
 * Calls of guarded parsers, made together under one watchdog: when the events of the moment have been taken, and when there
 * are many. Inside the watchdog only parsers run, and what they hand out is kept; the tap, whose state no interruption may
 * tear, does it afterwards.
 */
export class GuardBatch {
  readonly #watchdog = new Watchdog();
  readonly #timeoutMs: number;
  readonly #onOff: (name: string) => void;
  readonly #timeouts = new Map<string, number>();
  #calls: { readonly parser: GuardedParser; readonly call: ParserCall }[] = [];
  #bytes = 0;
  #isScheduled = false;
  #isRunning = false;

  /** `onOff`: a plugin is asked no more. */
  constructor(timeoutMs: number, onOff: (name: string) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onOff = onOff;
  }

  add(parser: GuardedParser, call: ParserCall, bytes: number): void {
    this.#calls.push({ parser, call });
    this.#bytes += bytes;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.run();
    });
  }

  get isFull(): boolean {
    return this.#calls.length >= MAX_CALLS || this.#bytes >= MAX_BYTES;
  }

  isOff(name: string): boolean {
    return (this.#timeouts.get(name) ?? 0) >= MAX_TIMEOUTS;
  }

  /** Makes all calls, those included that come of them. Does nothing when called from inside. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#calls.length > 0) {
        const calls = this.#calls;
        this.#calls = [];
        this.#bytes = 0;
        this.#makeAll(calls);
        for (const parser of new Set(calls.map(({ parser }) => parser))) parser.settle();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Undefined when the work took too long, which counts against the plugin. @throws what the work throws. */
  watch<T>(name: string, work: () => T): T | undefined {
    let result: T | undefined;
    const set = () => {
      result = work();
    };
    if (!this.#watchdog.run(set, this.#timeoutMs)) this.#timedOut(name);
    return result;
  }

  #makeAll(calls: readonly { readonly parser: GuardedParser; readonly call: ParserCall }[]): void {
    let next = 0;
    const makeSome = () => {
      const endMs = performance.now() + SLICE_MS;
      for (let entry = calls[next]; entry !== undefined; entry = calls[next]) {
        if (this.isOff(entry.parser.name))
          entry.parser.fail(new GuardError('plugin-off', 'the plugin was interrupted too often'));
        entry.parser.make(entry.call);
        next += 1;
        if (performance.now() >= endMs) return;
      }
    };
    while (next < calls.length) {
      if (this.#watchdog.run(makeSome, this.#timeoutMs + SLICE_MS)) continue;
      const entry = calls[next];
      if (entry === undefined) return;
      next += 1;
      entry.parser.fail(new GuardError('parser-timeout', `it took more than ${this.#timeoutMs} ms for one call`));
      this.#timedOut(entry.parser.name);
    }
  }

  #timedOut(name: string): void {
    const timeouts = (this.#timeouts.get(name) ?? 0) + 1;
    this.#timeouts.set(name, timeouts);
    if (timeouts === MAX_TIMEOUTS) this.#onOff(name);
  }
}
