// SPDX-License-Identifier: Apache-2.0
import type { CloseEvent, ConnectEvent, DataEvent, GetsocknameEvent, LostEvent, ProcessEvent } from '../events.js';
import type { SocketMap } from '../sockets/socket-map.js';
import type { EventSource } from '../source.js';

export interface SubscriptionOptions {
  readonly onEnd: () => void;
  readonly onError: (error: Error) => void;
}

/** Leads the events of a source into a socket map, until it is closed. */
export class SourceSubscription {
  readonly #source: EventSource;
  readonly #map: SocketMap;
  readonly #onEnd: () => void;
  readonly #onError: (error: Error) => void;

  constructor(source: EventSource, map: SocketMap, options: SubscriptionOptions) {
    this.#source = source;
    this.#map = map;
    this.#onEnd = options.onEnd;
    this.#onError = options.onError;
  }

  open(): void {
    this.#source.on('connect', this.#connect).on('getsockname', this.#connect).on('data', this.#data);
    this.#source.on('close', this.#close).on('process', this.#process).on('lost', this.#lost);
    this.#source.on('end', this.#onEnd).on('error', this.#onError);
  }

  close(): void {
    this.#source.off('connect', this.#connect).off('getsockname', this.#connect).off('data', this.#data);
    this.#source.off('close', this.#close).off('process', this.#process).off('lost', this.#lost);
    this.#source.off('end', this.#onEnd).off('error', this.#onError);
  }

  readonly #connect = (event: ConnectEvent | GetsocknameEvent) => this.#map.connect(event);
  readonly #data = (event: DataEvent) => this.#map.data(event);
  readonly #close = (event: CloseEvent) => this.#map.close(event);
  readonly #process = (event: ProcessEvent) => this.#map.process(event);
  readonly #lost = (event: LostEvent) => this.#map.lost(event);
}
