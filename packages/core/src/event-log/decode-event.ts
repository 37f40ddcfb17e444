// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '../assert-never.js';
import type { ByteTotals, CloseEvent, ConnectionInfo, DataEvent, Endpoint, GapReason, TapEvent } from '../events.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The JSON of a frame, not yet known to be anything. */
type Fields = Readonly<Record<string, unknown>>;

const TYPES = ['connect', 'getsockname', 'data', 'close', 'process', 'lost'] as const;
const ACTIONS = ['running', 'exec', 'exit'] as const;
const DIRECTIONS = ['ingress', 'egress'] as const;
const LAYERS = ['raw', 'tls'] as const;
const ROLES = ['client', 'server', 'unknown'] as const;
const TRANSPORTS = ['tcp', 'unix', 'unknown'] as const;
const FD_SOURCES = ['set-fd', 'nested-call', 'last-read', 'go', 'unknown'] as const;
const GAP_REASONS: readonly GapReason[] = [
  'ring-full',
  'copy-failed',
  'call-limit',
  'zero-copy',
  'discarded',
  'unknown',
];

/** A log may come from anywhere: what is not exactly an event is refused, by a throw that stays in this file. */
class Mismatch extends Error {}

/**
 * Checks the meta JSON of a frame field by field and makes an event of it; undefined when it is none.
 *
 * @param payload Becomes the event's `bytes`; not copied.
 */
export function decodeEvent(meta: unknown, payload: Buffer): TapEvent | undefined {
  try {
    return eventOf(fieldsOf(meta), payload);
  } catch (error) {
    if (error instanceof Mismatch) return undefined;
    throw error;
  }
}

function eventOf(fields: Fields, payload: Buffer): TapEvent {
  const type = oneOf(fields['type'], TYPES);
  if (type !== 'data' && payload.length > 0) throw new Mismatch();
  switch (type) {
    case 'data':
      return dataOf(fields, payload);
    case 'connect': {
      const { raw } = fields;
      return { type, ...socketOf(fields), ...(raw === undefined ? {} : { raw: totalsOf(raw) }) };
    }
    case 'getsockname':
      return { type, ...socketOf(fields) };
    case 'close':
      return closeOf(fields);
    case 'process': {
      const { exe, containerId, tlsBlindSpot } = fields;
      return {
        type,
        timestampNs: time(fields['timestampNs']),
        action: oneOf(fields['action'], ACTIONS),
        pid: count(fields['pid']),
        comm: string(fields['comm']),
        ...(exe === undefined ? {} : { exe: string(exe) }),
        ...(containerId === undefined ? {} : { containerId: string(containerId) }),
        ...(tlsBlindSpot === undefined ? {} : { tlsBlindSpot: blindSpotOf(fieldsOf(tlsBlindSpot)) }),
      };
    }
    case 'lost':
      return {
        type,
        timestampNs: time(fields['timestampNs']),
        cause: string(fields['cause']),
        events: count(fields['events']),
        bytes: count(fields['bytes']),
      };
    default:
      return assertNever(type);
  }
}

/** Without spreads: nearly all events of a log come this way. */
function dataOf(fields: Fields, payload: Buffer): DataEvent {
  const { gapReason } = fields;
  const length = count(fields['length']);
  if (length < payload.length) throw new Mismatch();
  const event: Mutable<DataEvent> = {
    type: 'data',
    timestampNs: time(fields['timestampNs']),
    connection: connectionOf(fieldsOf(fields['connection'])),
    pid: count(fields['pid']),
    tid: count(fields['tid']),
    fd: integer(fields['fd']),
    comm: string(fields['comm']),
    direction: oneOf(fields['direction'], DIRECTIONS),
    layer: oneOf(fields['layer'], LAYERS),
    encrypted: boolean(fields['encrypted']),
    offset: count(fields['offset']),
    length,
    bytes: payload,
  };
  if (gapReason !== undefined) event.gapReason = oneOf(gapReason, GAP_REASONS);
  if (fields['joinedLate'] === true) event.joinedLate = true;
  return event;
}

function closeOf(fields: Fields): CloseEvent {
  const { plaintextConnectionId } = fields;
  return {
    type: 'close',
    ...socketOf(fields),
    raw: totalsOf(fields['raw']),
    tls: totalsOf(fields['tls']),
    ...(plaintextConnectionId === undefined ? {} : { plaintextConnectionId: count(plaintextConnectionId) }),
  };
}

function socketOf(fields: Fields) {
  return {
    timestampNs: time(fields['timestampNs']),
    connection: connectionOf(fieldsOf(fields['connection'])),
    pid: count(fields['pid']),
    tid: count(fields['tid']),
    fd: integer(fields['fd']),
    comm: string(fields['comm']),
  };
}

function connectionOf(fields: Fields): ConnectionInfo {
  const { local, remote, fdSource } = fields;
  const connection: Mutable<ConnectionInfo> = {
    id: count(fields['id']),
    role: oneOf(fields['role'], ROLES),
    transport: oneOf(fields['transport'], TRANSPORTS),
    joinedLate: boolean(fields['joinedLate']),
  };
  if (local !== undefined) connection.local = endpointOf(fieldsOf(local));
  if (remote !== undefined) connection.remote = endpointOf(fieldsOf(remote));
  if (fdSource !== undefined) connection.fdSource = oneOf(fdSource, FD_SOURCES);
  return connection;
}

function endpointOf({ path, address, port }: Fields): Endpoint {
  if (path !== undefined) return { path: string(path) };
  const number = count(port);
  if (number > 65_535) throw new Mismatch();
  return { address: string(address), port: number };
}

function blindSpotOf({ code, message }: Fields) {
  return { code: string(code), message: string(message) };
}

function totalsOf(value: unknown): ByteTotals {
  const { ingress, egress } = fieldsOf(value);
  return { ingress: count(ingress), egress: count(egress) };
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new Mismatch();
  return value as Fields;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) throw new Mismatch();
  return value as T;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new Mismatch();
  return value;
}

function boolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Mismatch();
  return value;
}

function integer(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new Mismatch();
  return value as number;
}

function count(value: unknown): number {
  const number = integer(value);
  if (number < 0) throw new Mismatch();
  return number;
}

/** Nanoseconds of a year are beyond what a double holds exactly: they need not be a safe integer. */
function time(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value < 2 ** 63)) throw new Mismatch();
  return value;
}
