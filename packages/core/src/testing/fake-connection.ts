// SPDX-License-Identifier: Apache-2.0
import type {
  CloseEvent,
  ConnectEvent,
  ConnectionInfo,
  DataEvent,
  Direction,
  GapReason,
  GetsocknameEvent,
  Layer,
  LostEvent,
  ProcessEvent,
} from '../events.js';

export interface FakeSocket {
  readonly pid: number;
  readonly tid: number;
  readonly fd: number;
  readonly comm: string;
}

/** Time between two events of a fake connection. */
const STEP_NS = 1000;

/**
 * Builds the events of one connection and keeps its offsets, as a source does. Everything has a default: a TCP
 * connection of a server, process 100, descriptor 7.
 */
export class FakeConnection {
  info: ConnectionInfo;
  socket: FakeSocket;
  /** Time of the next event. */
  nowNs: number;
  readonly #totals = { raw: { ingress: 0, egress: 0 }, tls: { ingress: 0, egress: 0 } };

  constructor(info: Partial<ConnectionInfo> = {}, socket: Partial<FakeSocket> = {}, startNs = 1_000_000) {
    const pid = socket.pid ?? 100;
    this.info = {
      id: 1,
      role: 'server',
      transport: 'tcp',
      local: { address: '127.0.0.1', port: 8080 },
      remote: { address: '127.0.0.1', port: 50_000 },
      joinedLate: false,
      ...info,
    };
    this.socket = { pid, tid: pid, fd: 7, comm: 'server', ...socket };
    this.nowNs = startNs;
  }

  connect(): ConnectEvent {
    return { type: 'connect', ...this.#base() };
  }

  getsockname(): GetsocknameEvent {
    return { type: 'getsockname', ...this.#base() };
  }

  /** Bytes that the process read. A string is taken byte for byte (latin1). */
  ingress(bytes: Buffer | string, layer: Layer = 'raw'): DataEvent {
    return this.#data('ingress', bytes, layer, false);
  }

  /** Bytes that the process wrote. */
  egress(bytes: Buffer | string, layer: Layer = 'raw'): DataEvent {
    return this.#data('egress', bytes, layer, false);
  }

  /** TLS records on the socket itself. */
  encrypted(direction: Direction, bytes: Buffer | string): DataEvent {
    return this.#data(direction, bytes, 'raw', true);
  }

  /** An event of which only the first `captured` bytes arrived. */
  cut(direction: Direction, bytes: Buffer | string, captured: number, gapReason: GapReason): DataEvent {
    const event = this.#data(direction, bytes, 'raw', false);
    return { ...event, bytes: event.bytes.subarray(0, captured), gapReason };
  }

  /** Bytes that passed without any event: the next offset jumps. */
  lose(direction: Direction, length: number, layer: Layer = 'raw'): void {
    this.#totals[layer][direction] += length;
  }

  close(): CloseEvent {
    return { type: 'close', ...this.#base(), raw: { ...this.#totals.raw }, tls: { ...this.#totals.tls } };
  }

  #data(direction: Direction, content: Buffer | string, layer: Layer, encrypted: boolean): DataEvent {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
    const offset = this.#totals[layer][direction];
    this.#totals[layer][direction] += bytes.length;
    return { type: 'data', ...this.#base(), direction, layer, encrypted, offset, length: bytes.length, bytes };
  }

  #base() {
    const timestampNs = this.nowNs;
    this.nowNs += STEP_NS;
    return { timestampNs, connection: this.info, ...this.socket };
  }
}

export function processEvent(event: Partial<ProcessEvent> = {}): ProcessEvent {
  return { type: 'process', timestampNs: 0, action: 'running', pid: 100, comm: 'server', ...event };
}

export function lostEvent(event: Partial<LostEvent> = {}): LostEvent {
  return { type: 'lost', timestampNs: 0, cause: 'ring-full', events: 1, bytes: 0, ...event };
}
