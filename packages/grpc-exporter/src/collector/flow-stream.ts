// SPDX-License-Identifier: Apache-2.0
import { BinaryWriter } from '@bufbuild/protobuf/wire';
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
  #sent = 0;
  #acknowledged = 0;
  #error: CallError | undefined;
  #wake = (): void => {};

  constructor(transport: Transport, name: string) {
    this.#transport = transport;
    this.#name = name;
    this.#stream = transport.stream(PATH, {
      message: (bytes) => this.#acknowledge(bytes),
      end: (error) => {
        this.#error =
          error ?? new CallError('EXPORT_UNAVAILABLE', `${name} ended the stream before all was acknowledged.`, true);
        this.#wake();
      },
    });
  }

  get hasEnded(): boolean {
    return this.#error !== undefined;
  }

  /** @param flows encoded. Resolves when there is room for more. */
  async send(flows: readonly Uint8Array[]): Promise<void> {
    this.#sent += 1;
    const head = FlowsRequest.encode({ sequence: this.#sent, flows: [] }, new BinaryWriter());
    writeRepeated(head, FLOWS_FIELD, flows);
    await this.#stream.write(head.finish());
  }

  /**
   * Resolves when everything that was sent is acknowledged.
   *
   * @throws CallError when the stream ends before, or `timeoutMs` pass without an acknowledgement.
   */
  async acknowledged(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const abort = () => this.cancel();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      while (this.#acknowledged < this.#sent) {
        if (this.#error !== undefined) throw this.#error;
        if (await this.#timesOut(timeoutMs)) {
          this.cancel();
          this.#transport.noteOutcome(true);
          throw new CallError('EXPORT_TIMEOUT', `${this.#name} acknowledged nothing in ${timeoutMs} ms.`, true);
        }
      }
      this.#transport.noteOutcome(false);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  cancel(): void {
    this.#stream.cancel();
  }

  finish(): void {
    this.#stream.finish();
  }

  /** Waits for the next acknowledgement or the end. */
  #timesOut(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
  }

  #acknowledge(bytes: Buffer): void {
    try {
      const { acknowledgedSequence } = FlowsResponse.decode(bytes);
      this.#acknowledged = Math.max(this.#acknowledged, Math.min(acknowledgedSequence, this.#sent));
    } catch (error) {
      this.#error = new CallError('EXPORT_REJECTED', `${this.#name} answered nonsense: ${String(error)}`, false);
      this.cancel();
    }
    this.#wake();
  }
}
