// SPDX-License-Identifier: Apache-2.0

import type { ConnectionInfo, Direction, Layer, Role } from '../events.js';
import type { ParsedExchange } from '../parsing/protocol-plugin.js';
import type { Connection, OpaqueConnection } from '../sockets/connection.js';
import type { Processes } from '../sockets/processes.js';
import type { ClockBase } from '../source.js';
import type { ExchangeFlow, FlowError, FlowProcess, OpaqueFlow } from './flow.js';
import { createFlowIds } from './flow-id.js';
import { describeOpaque } from './opaque-flow.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Adds to a parsed exchange what only the tap knows: identity, time of day, addresses, process. */
export class FlowBuilder {
  readonly #clock: () => ClockBase;
  readonly #processes: Processes;
  readonly #nextId = createFlowIds();

  /** `clock` is asked for each flow, because a source knows it from its start on only. */
  constructor(clock: () => ClockBase, processes: Processes) {
    this.#clock = clock;
    this.#processes = processes;
  }

  exchange(connection: Connection, layer: Layer, exchange: ParsedExchange): ExchangeFlow {
    const { info } = connection;
    const { startNs, endNs, requestDirection } = exchange;
    // One fixed order of assignments: flows of equal shape share a hidden class, and their JSON a key order. What every flow
    // has comes first, in one literal: what is added later lies in a store of its own, which grows by copying.
    const flow: Writable<Partial<ExchangeFlow>> = {
      schema: 1,
      kind: 'flow',
      id: exchange.opened?.flowId ?? this.#nextId(),
      // Each protocol package declares the messages of the name it uses, so this is the one place that has to trust it.
      protocol: exchange.protocol as ExchangeFlow['protocol'],
      scheme: exchange.scheme,
      tls: layer === 'tls',
      role: info.role === 'unknown' ? roleOfRequester(requestDirection) : info.role,
      startTimeMs: this.#wallClock(startNs),
      durationMs: Math.max(0, endNs - startNs) / 1e6,
      process: this.#process(connection, startNs),
      connectionId: info.id,
      complete: exchange.complete,
    };
    setEndpoints(flow, info, requestDirection);
    if (layer === 'tls') flow.fdSource = info.fdSource ?? 'unknown';
    if (exchange.request !== undefined) flow.request = exchange.request as ExchangeFlow['request'] & object;
    if (exchange.response !== undefined) flow.response = exchange.response as ExchangeFlow['response'] & object;
    if (exchange.messages !== undefined) flow.messages = exchange.messages;
    if (exchange.messageCount !== undefined) flow.messageCount = exchange.messageCount;
    if (exchange.messagesLost !== undefined) flow.messagesLost = exchange.messagesLost;
    if (exchange.headersIncomplete !== undefined) flow.headersIncomplete = exchange.headersIncomplete;
    if (exchange.joined !== undefined) flow.joined = exchange.joined;
    if (exchange.error !== undefined) flow.error = exchange.error;
    if (exchange.gaps !== undefined && exchange.gaps.length > 0) flow.gaps = exchange.gaps;
    return flow as ExchangeFlow;
  }

  opaque(connection: Connection, opaque: OpaqueConnection): OpaqueFlow {
    const { info } = connection;
    const { startNs, endNs } = opaque;
    const role = opaqueRole(info.role, opaque.helloDirection);
    const flow: Writable<OpaqueFlow> = {
      schema: 1,
      kind: 'opaque',
      id: this.#nextId(),
      protocol: 'tls',
      tls: true,
      role,
      startTimeMs: this.#wallClock(startNs),
      durationMs: Math.max(0, endNs - startNs) / 1e6,
      process: this.#process(connection, startNs),
      connectionId: info.id,
      ...describeOpaque(opaque, this.#blindSpot(connection, startNs)),
    };
    if (role !== 'unknown') setEndpoints(flow, info, role === 'client' ? 'egress' : 'ingress');
    else setEnds(flow, info);
    return flow;
  }

  #wallClock(timestampNs: number): number {
    const { epochMs, monotonicNs } = this.#clock();
    return epochMs + (timestampNs - monotonicNs) / 1e6;
  }

  #blindSpot(connection: Connection, timestampNs: number): FlowError | undefined {
    const holder = connection.holders.at(timestampNs);
    return holder && this.#processes.tlsBlindSpot(holder.pid);
  }

  #process(connection: Connection, timestampNs: number): FlowProcess {
    const holder = connection.holders.at(timestampNs);
    if (holder === undefined) return { pid: -1, comm: '' };
    return this.#processes.describe(holder.pid, holder.comm, holder.isMainThread);
  }
}

function roleOfRequester(requestDirection: Direction): Role {
  return requestDirection === 'egress' ? 'client' : 'server';
}

/** Who sent the ClientHello is the client (RFC 8446 §2). Where neither socket nor ClientHello tells, nothing is guessed. */
function opaqueRole(role: Role, helloDirection: Direction | undefined): Role {
  if (role !== 'unknown' || helloDirection === undefined) return role;
  return roleOfRequester(helloDirection);
}

function setEndpoints(
  flow: Partial<Writable<Pick<OpaqueFlow, 'source' | 'destination'>>>,
  { local, remote }: ConnectionInfo,
  requestDirection: Direction,
): void {
  const source = requestDirection === 'egress' ? local : remote;
  const destination = requestDirection === 'egress' ? remote : local;
  if (source !== undefined) flow.source = source;
  if (destination !== undefined) flow.destination = destination;
}

function setEnds(
  flow: Partial<Writable<Pick<OpaqueFlow, 'local' | 'remote'>>>,
  { local, remote }: ConnectionInfo,
): void {
  if (local !== undefined) flow.local = local;
  if (remote !== undefined) flow.remote = remote;
}
