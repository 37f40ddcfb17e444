// SPDX-License-Identifier: Apache-2.0
import type { CallError } from './call-error.js';
import type { OpenStream, Transport } from './transport.js';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2000;
/** A stream that lived so long was a success: the next one is not made to wait. */
const SUCCESS_MS = 10_000;

export interface StandingStreamOptions {
  readonly transport: Transport;
  readonly path: string;
  /** Called for each new stream, first: what the server must hear before anything else. */
  readonly opened: (stream: OpenStream) => void;
  readonly message: (bytes: Buffer) => void;
  /** The stream ended; another will be opened. */
  readonly ended: (error: CallError | undefined) => void;
}

/** A stream that is to be there always: when it ends, another is opened, after a wait that grows while that fails. */
export class StandingStream {
  readonly #options: StandingStreamOptions;
  #stream: OpenStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isStopped = false;

  constructor(options: StandingStreamOptions) {
    this.#options = options;
  }

  /** The stream that is open now. */
  get current(): OpenStream | undefined {
    return this.#stream;
  }

  start(): void {
    const { transport, path, opened, message, ended } = this.#options;
    const startMs = performance.now();
    this.#stream = transport.stream(path, {
      message: (bytes) => {
        this.#failures = 0;
        message(bytes);
      },
      end: (error) => {
        this.#stream = undefined;
        if (this.#isStopped) return;
        ended(error);
        this.#failures = performance.now() - startMs > SUCCESS_MS ? 1 : this.#failures + 1;
        this.#timer = setTimeout(() => this.start(), this.#waitMs());
      },
    });
    opened(this.#stream);
  }

  /** The server is known to be there: another stream is opened now, if there is none. */
  retryNow(): void {
    if (this.#stream !== undefined || this.#isStopped) return;
    clearTimeout(this.#timer);
    this.start();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#stream?.finish();
  }

  /** With jitter, so that the agents of many hosts do not come back to the same server at the same time. */
  #waitMs(): number {
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (this.#failures - 1), LONGEST_WAIT_MS);
    return waitMs * (0.8 + Math.random() * 0.4);
  }
}
