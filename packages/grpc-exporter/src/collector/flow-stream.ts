// SPDX-License-Identifier: Apache-2.0
import { CallError } from '../call-error.js';
import { FlowsRequest, FlowsResponse } from '../gen/flowtap/v1/flowtap.js';
import { writeRepeated } from '../message-batch.js';
import type { OpenStream, Transport } from '../transport.js';

const PATH = '/flowtap.v1.FlowtapService/Flows';
/** `FlowsRequest.flows` */
const FLOWS_FIELD = 2;

/** One stream of batches, and what of it the server has acknowledged. */
export class FlowStream {
  readonly #transport: Transport;
  readonly #stream: OpenStream;
  readonly #name: string;
  readonly #timeoutMs: number;
  #sent = 0;
  #acknowledged = 0;
  #error: CallError | undefined;
  #wake = (): void => {};

  /** @param timeoutMs how long a batch may take to be taken, or to be acknowledged */
  constructor(transport: Transport, name: string, timeoutMs: number) {
    this.#transport = transport;
    this.#name = name;
    this.#timeoutMs = timeoutMs;
    this.#stream = transport.stream(PATH, {
      message: (bytes) => this.#acknowledge(bytes),
      end: (error) => {
        this.#error ??=
          error ?? new CallError('EXPORT_UNAVAILABLE', `${name} ended the stream before all was acknowledged.`, true);
        this.#wake();
      },
    });
  }

  get hasEnded(): boolean {
    return this.#error !== undefined;
  }

  /**
   * Resolves when there is room for more.
   *
   * @param flows encoded
   * @throws CallError when the stream ends before
   */
  async send(flows: readonly Uint8Array[]): Promise<void> {
    this.#sent += 1;
    const message = FlowsRequest.encode({ sequence: this.#sent, flows: [] });
    writeRepeated(message, FLOWS_FIELD, flows);
    await this.#inTime(this.#stream.write(message.finish()));
  }

  /**
   * Resolves when everything that was sent is acknowledged.
   *
   * @throws CallError when the stream ends before
   */
  async acknowledged(): Promise<void> {
    while (this.#acknowledged < this.#sent) {
      const next = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await this.#inTime(next);
    }
    this.#transport.noteOutcome(false);
  }

  cancel(): void {
    this.#stream.cancel();
  }

  finish(): void {
    this.#stream.finish();
  }

  /** Gives the stream up when what is waited for takes too long; its end wakes who waits. */
  async #inTime(step: Promise<void>): Promise<void> {
    const timer = setTimeout(() => {
      this.#error ??= new CallError('EXPORT_TIMEOUT', `${this.#name} did not answer in ${this.#timeoutMs} ms.`, true);
      this.cancel();
      this.#transport.noteOutcome(true);
    }, this.#timeoutMs);
    if (this.#error === undefined) await step;
    clearTimeout(timer);
    if (this.#error !== undefined) throw this.#error;
  }

  #acknowledge(bytes: Buffer): void {
    try {
      const { acknowledgedSequence } = FlowsResponse.decode(bytes);
      this.#acknowledged = Math.max(this.#acknowledged, Math.min(acknowledgedSequence, this.#sent));
    } catch (error) {
      this.#error ??= new CallError('EXPORT_REJECTED', `${this.#name} answered nonsense: ${String(error)}`, false);
      this.cancel();
    }
    this.#wake();
  }
}
