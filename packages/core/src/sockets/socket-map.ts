// SPDX-License-Identifier: Apache-2.0

import type {
  CloseEvent,
  ConnectEvent,
  ConnectionInfo,
  DataEvent,
  Endpoint,
  GetsocknameEvent,
  LostEvent,
  ProcessEvent,
} from '../events.js';
import type { Flow } from '../flow/flow.js';
import { FlowBuilder } from '../flow/flow-builder.js';
import { type FlowUpdateSink, noUpdates } from '../flow/flow-update.js';
import type { Logger } from '../logger.js';
import { checkProtocols } from '../parsing/protocol-list.js';
import type { CloseReason, ProtocolPlugin } from '../parsing/protocol-plugin.js';
import type { ClockBase } from '../source.js';
import { Counters } from '../tap/counters.js';
import { EngineState, type EngineTotals } from '../tap/engine-state.js';
import type { TapLimits } from '../tap/limits.js';
import { Connection, type ExchangeSink, type SocketEvent } from './connection.js';
import { IdleList } from './idle-list.js';
import { Processes } from './processes.js';
import { RecentIds } from './recent-ids.js';
import { SocketAliases } from './socket-aliases.js';
import { UnixHolders } from './unix-holders.js';

export interface SocketMapOptions {
  readonly protocols: readonly ProtocolPlugin[];
  readonly limits: TapLimits;
  readonly logger: Logger;
  readonly clock: () => ClockBase;
  /** Called synchronously, from inside the event that finishes the flow. Must not throw. */
  readonly onFlow: (flow: Flow) => void;
  /** Takes what is told of flows before they end. @default nobody listens */
  readonly updates?: FlowUpdateSink;
}

/** Events of a connection that is gone come shortly after its end or, where a limit ended it, at any time. */
const MAX_RECENT_IDS = 65_536;

/** How often idle connections are looked for, as a share of the idle time. */
const SWEEPS_PER_IDLE_TIME = 8;

/**
 * All connections by id. Every event goes to its connection; what the connections' parsers find comes out as flows.
 *
 * Time is the time of the events, so a replay lets idle connections go exactly where the live run did.
 */
export class SocketMap {
  readonly #state: EngineState;
  readonly #onFlow: (flow: Flow) => void;
  readonly #connections = new Map<number, Connection>();
  readonly #idle = new IdleList();
  readonly #aliases = new SocketAliases();
  readonly #unixHolders = new UnixHolders();
  readonly #processes = new Processes();
  readonly #builder: FlowBuilder;
  /** Ids whose close event was seen: what comes after it came late. */
  readonly #closed: RecentIds;
  /** Ids that were let go by a limit: they may go on. */
  readonly #letGo: RecentIds;
  readonly #idleTimeoutNs: number;
  #nextSweepNs = Number.NEGATIVE_INFINITY;
  #lastEventNs = 0;
  #isEnded = false;

  constructor(options: SocketMapOptions) {
    const { protocols, limits, logger, clock, onFlow, updates = noUpdates } = options;
    checkProtocols(protocols, limits.maxProbeBytes);
    const counters = new Counters();
    this.#state = new EngineState(protocols, limits, counters, updates, logger);
    this.#onFlow = onFlow;
    this.#builder = new FlowBuilder(clock, this.#processes);
    this.#closed = new RecentIds(MAX_RECENT_IDS);
    this.#letGo = new RecentIds(MAX_RECENT_IDS);
    this.#idleTimeoutNs = limits.idleTimeoutMs * 1e6;
  }

  get totals(): Readonly<EngineTotals> {
    return this.#state.totals;
  }

  get counters(): Counters {
    return this.#state.counters;
  }

  /** The connection that the process has, or last had, under this descriptor. */
  find(pid: number, fd: number): ConnectionInfo | undefined {
    return this.#aliases.find(pid, fd)?.info;
  }

  connect(event: ConnectEvent | GetsocknameEvent): void {
    this.#state.totals.events += 1;
    const connection = this.#connectionOf(event);
    if (event.type === 'connect' && event.raw !== undefined) connection?.count(event.raw);
  }

  data(event: DataEvent): void {
    const { totals } = this.#state;
    totals.events += 1;
    totals.dataEvents += 1;
    totals.dataBytes += event.bytes.length;
    const connection = this.#connectionOf(event);
    if (connection === undefined) totals.lateBytes += event.length;
    else connection.data(event);
    const { guard } = this.#state;
    if (guard?.isFull === true) guard.run();
  }

  close(event: CloseEvent): void {
    this.#state.totals.events += 1;
    if (event.plaintextConnectionId !== undefined) this.#closePlaintext(event.plaintextConnectionId, event.timestampNs);
    const { id } = event.connection;
    if (this.#letGo.delete(id)) {
      this.#closed.add(id);
      return;
    }
    const connection = this.#connectionOf(event);
    if (connection === undefined) return;
    this.#closed.add(id);
    this.#drop(connection, 'closed', event.timestampNs, event);
  }

  /** The plaintext of a connection has an id of its own when its socket was learnt late. */
  #closePlaintext(id: number, timestampNs: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#closed.add(id);
    this.#drop(connection, 'closed', timestampNs);
  }

  process(event: ProcessEvent): void {
    this.#state.totals.events += 1;
    this.#processes.apply(event);
    if (event.action !== 'exit') return;
    // A child that was never seen using the connection may still hold it, hence "let go" and not "closed".
    for (const connection of this.#unixHolders.exited(event.pid)) {
      this.#letGo.add(connection.info.id);
      this.#drop(connection, 'closed', event.timestampNs);
    }
  }

  lost(event: LostEvent): void {
    const { totals, counters } = this.#state;
    totals.events += 1;
    totals.droppedEvents += event.events;
    totals.droppedBytes += event.bytes;
    counters.add(`lost:${event.cause}`, event.events);
    if (event.cause === 'ring-full') this.#state.jumpReason = 'ring-full';
  }

  /** No more events will come: closes what is open. Must not be called from inside `onFlow`. */
  end(): void {
    this.#isEnded = true;
    for (const connection of this.#connections.values()) this.#drop(connection, 'end', this.#lastEventNs);
    this.#state.guard?.run();
    this.#state.parserErrorLog.flush();
  }

  /** The event's connection, brought up to date; `undefined` for an event that came too late. */
  #connectionOf(event: SocketEvent): Connection | undefined {
    const info = event.connection;
    const connection = this.#connections.get(info.id) ?? this.#open(info);
    if (connection === undefined) return undefined;
    if (connection.info !== info) connection.learn(info);
    if (connection.aliasPid !== event.pid || connection.aliasFd !== event.fd) this.#identify(connection, event);
    connection.lastEventNs = event.timestampNs;
    this.#lastEventNs = event.timestampNs;
    this.#idle.touch(connection);
    if (event.timestampNs >= this.#nextSweepNs) this.#sweep(event.timestampNs);
    return connection;
  }

  #open(info: ConnectionInfo): Connection | undefined {
    if (this.#isEnded || this.#closed.has(info.id)) {
      this.#state.counters.add('late-events');
      return undefined;
    }
    const rejoined = this.#letGo.delete(info.id);
    if (this.#connections.size >= this.#state.limits.maxConnections) this.#evictOldest();
    const connection = new Connection(info, this.#state, this.#sink, rejoined);
    this.#connections.set(info.id, connection);
    if (!rejoined) this.#state.totals.connections += 1;
    this.#state.totals.openConnections += 1;
    return connection;
  }

  #identify(connection: Connection, event: SocketEvent): void {
    // Who closes a socket says nothing about who used it, and its descriptor may be somebody else's already.
    if (event.type === 'close') return;
    if (event.type === 'connect' && connection.isPlaintextOnly) this.#markReadElsewhere(connection, event);
    this.#aliases.note(connection, event);
    if (connection.info.transport === 'unix') this.#unixHolders.note(connection, event);
  }

  /** The addresses of plaintext that came before its socket was known: its ciphertext has the same descriptor. */
  #markReadElsewhere(plaintext: Connection, event: SocketEvent): void {
    const ciphertext = this.#aliases.find(event.pid, event.fd);
    if (ciphertext !== undefined && haveSameEnds(ciphertext.info, plaintext.info)) ciphertext.readElsewhere();
  }

  #sweep(nowNs: number): void {
    this.#nextSweepNs = nowNs + this.#idleTimeoutNs / SWEEPS_PER_IDLE_TIME;
    const deadlineNs = nowNs - this.#idleTimeoutNs;
    for (let oldest = this.#idle.oldest; oldest !== undefined; oldest = this.#idle.oldest) {
      if (oldest.lastEventNs > deadlineNs) return;
      this.#state.counters.add('connections-idle');
      this.#release(oldest, nowNs);
    }
  }

  #evictOldest(): void {
    const { oldest } = this.#idle;
    if (oldest === undefined) return;
    this.#state.counters.add('connections-evicted');
    this.#release(oldest, this.#lastEventNs);
  }

  #release(connection: Connection, timestampNs: number): void {
    this.#letGo.add(connection.info.id);
    this.#drop(connection, 'limit', timestampNs);
  }

  /** Removes first, emits last: a flow listener sees a consistent map. */
  #drop(connection: Connection, reason: CloseReason, timestampNs: number, event?: CloseEvent): void {
    this.#connections.delete(connection.info.id);
    this.#idle.remove(connection);
    this.#aliases.remove(connection);
    this.#unixHolders.remove(connection);
    this.#state.totals.openConnections -= 1;
    const opaque = connection.close(reason, timestampNs, event);
    if (opaque === undefined) return;
    this.#state.totals.opaqueConnections += 1;
    this.#onFlow(this.#builder.opaque(connection, opaque));
  }

  readonly #sink: ExchangeSink = {
    exchange: (connection, layer, exchange) => this.#onFlow(this.#builder.exchange(connection, layer, exchange)),
    unended: (connection, layer, exchange) => this.#builder.exchange(connection, layer, exchange),
  };
}

function haveSameEnds(one: ConnectionInfo, other: ConnectionInfo): boolean {
  return isSameEndpoint(one.local, other.local) && isSameEndpoint(one.remote, other.remote);
}

function isSameEndpoint(one: Endpoint | undefined, other: Endpoint | undefined): boolean {
  if (one === undefined || other === undefined || 'path' in one || 'path' in other) return false;
  return one.address === other.address && one.port === other.port;
}
