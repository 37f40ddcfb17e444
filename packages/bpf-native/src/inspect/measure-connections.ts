// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { ByteTotals, CloseEvent, ConnectionInfo, DataEvent, FdSource, Role } from '@flowtap/core';
import { BpfSource } from '../bpf-source.js';
import type { ConnectionTotals } from '../records/connection-totals.js';

/** What passed on one connection while it was measured. */
export interface ConnectionTraffic {
  readonly pid: number;
  readonly comm: string;
  readonly fd: number;
  readonly role: Role;
  readonly transport: ConnectionInfo['transport'];
  /** Absent where they are not known. */
  readonly local?: ConnectionInfo['local'];
  readonly remote?: ConnectionInfo['remote'];
  /** `plain`: no TLS. `readable`: TLS of which plaintext was seen. `unreadable`: TLS of which none was. */
  readonly state: 'plain' | 'readable' | 'unreadable';
  /** On the socket: ciphertext where there is TLS. */
  readonly socketBytes: ByteTotals;
  /** Taken or given by a TLS library. */
  readonly plaintextBytes: ByteTotals;
  /** What told the socket of the plaintext. */
  readonly fdSource?: FdSource;
  readonly isOpen: boolean;
}

export interface MeasureOptions {
  /** @default 3000 */
  readonly durationMs?: number;
  /** Ends the measurement early. */
  readonly signal?: AbortSignal;
  /** Connections that are told of; those with the most bytes come first. @default 1000 */
  readonly maxConnections?: number;
}

export interface Measurement {
  readonly durationMs: number;
  readonly connections: readonly ConnectionTraffic[];
  /** Connections beyond `maxConnections`. */
  readonly omitted: number;
}

/** A connection that ended meanwhile. At most so many are kept apart; of a server under load there may be any number. */
const MAX_CLOSED = 10_000;

/**
 * Captures a process and its descendants for a short time and compares what passed on each socket with what its TLS
 * library took and gave.
 *
 * @throws NativeLoadError, BpfError, TargetError as `BpfSource.start()` does
 */
export async function measureConnections(pid: number, options: MeasureOptions = {}): Promise<Measurement> {
  const { durationMs = 3000, maxConnections = 1000, signal } = options;
  const tally = new Tally();
  const source = new BpfSource({ targets: [{ pid }], maxCallBytes: 0 });
  source.on('data', (event) => tally.data(event));
  source.on('close', (event) => tally.close(event));
  await source.start();
  const start = performance.now();
  let open: readonly ConnectionTotals[] = [];
  try {
    await delay(durationMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    open = source.connections();
  } finally {
    await source.stop();
  }
  const traffic = tally.traffic(open).toSorted((a, b) => volume(b) - volume(a));
  return {
    durationMs: Math.round(performance.now() - start),
    connections: traffic.slice(0, maxConnections),
    omitted: Math.max(0, traffic.length - maxConnections) + tally.forgotten,
  };
}

const NONE: ByteTotals = { ingress: 0, egress: 0 };
const volume = ({ socketBytes, plaintextBytes }: ConnectionTraffic) =>
  socketBytes.ingress + socketBytes.egress + plaintextBytes.ingress + plaintextBytes.egress;

interface Plaintext {
  ingress: number;
  egress: number;
  last: DataEvent;
}

type Ended = Omit<ConnectionTotals, 'local' | 'remote' | 'transport'> &
  Pick<ConnectionInfo, 'local' | 'remote' | 'transport'>;

/** Counts plaintext by connection id, since it may come before its socket is known, and keeps what close events say. */
class Tally {
  readonly #plaintext = new Map<number, Plaintext>();
  readonly #encrypted = new Set<number>();
  readonly #closed: Ended[] = [];
  forgotten = 0;

  data(event: DataEvent): void {
    const { id } = event.connection;
    if (event.encrypted) this.#encrypted.add(id);
    if (event.layer !== 'tls') return;
    const known = this.#plaintext.get(id) ?? { ingress: 0, egress: 0, last: event };
    known[event.direction] += event.length;
    // Its bytes are borrowed, and none were asked for.
    known.last = event;
    this.#plaintext.set(id, known);
  }

  close({ connection, pid, fd, comm, raw, tls, plaintextConnectionId }: CloseEvent): void {
    if (this.#closed.length >= MAX_CLOSED) {
      this.forgotten += 1;
      this.#encrypted.delete(connection.id);
      this.#plaintext.delete(plaintextConnectionId ?? connection.id);
      return;
    }
    const encrypted = this.#encrypted.has(connection.id);
    const plaintextId = plaintextConnectionId === undefined ? {} : { plaintextConnectionId };
    this.#closed.push({ ...connection, pid, fd, comm, encrypted, raw, tls, ...plaintextId });
  }

  traffic(open: readonly ConnectionTotals[]): ConnectionTraffic[] {
    // The id of plaintext that came early is no connection of its own where the socket was told later.
    const early = new Set([...open, ...this.#closed].map(({ plaintextConnectionId }) => plaintextConnectionId));
    const known = [
      ...open.map((totals) => this.#traffic(totals, true)),
      ...this.#closed.filter(({ id }) => !early.has(id)).map((totals) => this.#traffic(totals, false)),
    ];
    // Plaintext whose socket nothing has told.
    const homeless = [...this.#plaintext.values()].map(({ ingress, egress, last }) =>
      this.#traffic({ ...last, ...last.connection, encrypted: true, raw: NONE, tls: { ingress, egress } }, true),
    );
    return [...known.filter((traffic) => volume(traffic) > 0), ...homeless];
  }

  #traffic(totals: Ended, isOpen: boolean): ConnectionTraffic {
    const { pid, comm, fd, role, transport, local, remote, raw, tls } = totals;
    const id = totals.plaintextConnectionId ?? totals.id;
    const plaintext = this.#plaintext.get(id);
    this.#plaintext.delete(id);
    const plaintextBytes = plaintext ? { ingress: plaintext.ingress, egress: plaintext.egress } : tls;
    const isRead = plaintextBytes.ingress + plaintextBytes.egress > 0;
    const fdSource = plaintext?.last.connection.fdSource;
    return {
      pid,
      comm,
      fd,
      role,
      transport,
      ...(local === undefined ? {} : { local }),
      ...(remote === undefined ? {} : { remote }),
      state: isRead ? 'readable' : totals.encrypted || this.#encrypted.has(totals.id) ? 'unreadable' : 'plain',
      socketBytes: raw,
      plaintextBytes,
      ...(fdSource === undefined ? {} : { fdSource }),
      isOpen,
    };
  }
}
