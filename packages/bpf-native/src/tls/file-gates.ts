// SPDX-License-Identifier: Apache-2.0
import type { NativeSession } from '../records/native-binding.js';
import { COOKIE_FILE_UNIT, PROBED_FILES } from '../records/record-layout.js';

/**
 * Probes of a file are attached and taken off one by one. Its gate makes them observe together: a connection of which one
 * direction is seen and the other is not would be understood wrongly.
 */
export class FileGate {
  readonly #session: NativeSession;
  readonly #number: number;
  readonly #giveBack: (number: number) => void;

  constructor(session: NativeSession, number: number, giveBack: (number: number) => void) {
    this.#session = session;
    this.#number = number;
    this.#giveBack = giveBack;
  }

  /** The attach cookie that puts a probe behind this gate. */
  cookie(cookie: number): number {
    return cookie + this.#number * COOKIE_FILE_UNIT;
  }

  /** All probes are there. */
  open(): void {
    this.#session.setFileReady(this.#number, true);
  }

  /** Before the first probe is taken off. */
  close(): void {
    this.#session.setFileReady(this.#number, false);
  }

  /** After the last one was. */
  release(): void {
    this.#giveBack(this.#number);
  }
}

/** Gates that are closed and free, by their number. */
export class FileGates {
  readonly #session: NativeSession;
  readonly #free: number[] = [];
  #next = 0;

  constructor(session: NativeSession) {
    this.#session = session;
  }

  /** Undefined when there is none left. */
  take(): FileGate | undefined {
    const number = this.#free.pop() ?? (this.#next < PROBED_FILES ? this.#next++ : undefined);
    if (number === undefined) return undefined;
    return new FileGate(this.#session, number, (given) => this.#free.push(given));
  }
}
