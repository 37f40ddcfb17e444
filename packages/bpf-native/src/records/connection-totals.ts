// SPDX-License-Identifier: Apache-2.0
import type { ByteTotals, ConnectEvent, Endpoint, Role } from '@flowtap/core';
import { formatIpv4, formatIpv6 } from './ip-address.js';
import type { NativeSession } from './native-binding.js';
import { CONNECTION_ENTRY as AT, ConnectionFlag } from './record-layout.js';

/** An open connection as the kernel side has it now. */
export interface ConnectionTotals {
  readonly id: number;
  /** Process, descriptor and thread name of who opened it, or was first seen to use it. */
  readonly pid: number;
  readonly fd: number;
  readonly comm: string;
  readonly role: Role;
  readonly transport: 'tcp' | 'unix';
  /** Absent for AF_UNIX. */
  readonly local?: Endpoint;
  readonly remote?: Endpoint;
  /** Bytes may have passed before the capture knew of it. */
  readonly joinedLate: boolean;
  /** It carries TLS. */
  readonly encrypted: boolean;
  /** Bytes since the capture began, on the socket itself. */
  readonly raw: ByteTotals;
  /** Bytes that a TLS library took or gave, as far as they have the id of this connection. */
  readonly tls: ByteTotals;
  /** Plaintext came under this other id, because it came before its socket was known. */
  readonly plaintextConnectionId?: number;
}

const ROLES: readonly Role[] = ['unknown', 'client', 'server'];
const UNIX = 3;
const IPV4 = 1;

/** Reads all connections that targets have open. */
export function readConnections(session: NativeSession): ConnectionTotals[] {
  // Keys and values alternate.
  return session.mapEntries('connections').flatMap((value, i) => {
    const isGone = i % 2 === 0 || (value.readUInt8(AT.flags) & (ConnectionFlag.closed | ConnectionFlag.pending)) !== 0;
    return isGone ? [] : [decode(value)];
  });
}

function decode(value: Buffer): ConnectionTotals {
  const u64 = (at: number) => Number(value.readBigUInt64LE(at));
  const family = value.readUInt8(AT.family);
  const format = family === IPV4 ? formatIpv4 : formatIpv6;
  const endpoint = (address: number, port: number): Endpoint => ({
    address: format(value, AT.addresses + address),
    port: value.readUInt16LE(AT.addresses + port),
  });
  const plaintextId = u64(AT.plaintextId);
  return {
    id: u64(AT.id),
    pid: value.readUInt32LE(AT.pid),
    fd: value.readInt32LE(AT.fd),
    comm: value.toString('latin1', AT.comm, AT.addresses).replace(/\0.*$/, ''),
    role: ROLES[value.readUInt8(AT.role)] ?? 'unknown',
    transport: family === UNIX ? 'unix' : 'tcp',
    ...(family === UNIX ? {} : { local: endpoint(0, 32), remote: endpoint(16, 34) }),
    joinedLate: (value.readUInt8(AT.flags) & ConnectionFlag.joinedLate) !== 0,
    encrypted: (value.readUInt8(AT.flags) & ConnectionFlag.tls) !== 0,
    raw: { ingress: u64(AT.rawIngress), egress: u64(AT.rawEgress) },
    tls: { ingress: u64(AT.tlsIngress), egress: u64(AT.tlsEgress) },
    ...(plaintextId === 0 ? {} : { plaintextConnectionId: plaintextId }),
  };
}

/** Tells the bytes of encrypted connections that nobody could read: of their data only the handshake was sent. */
export function unreadTotals(connections: readonly ConnectionTotals[], timestampNs: number): ConnectEvent[] {
  return connections
    .filter(({ encrypted, tls, plaintextConnectionId }) => {
      return encrypted && tls.ingress + tls.egress === 0 && plaintextConnectionId === undefined;
    })
    .map(({ id, role, transport, local, remote, joinedLate, pid, fd, comm, raw }) => ({
      type: 'connect',
      timestampNs,
      connection: {
        id,
        role,
        transport,
        joinedLate,
        ...(local === undefined ? {} : { local }),
        ...(remote === undefined ? {} : { remote }),
      },
      pid,
      tid: pid,
      fd,
      comm,
      raw,
    }));
}
