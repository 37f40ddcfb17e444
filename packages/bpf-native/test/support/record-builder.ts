// SPDX-License-Identifier: Apache-2.0
import {
  ABI_VERSION,
  ADDRESSES,
  ALIGNMENT,
  CLOSE,
  CONNECT,
  DATA,
  HEADER,
  MAP,
  PROCESS,
  RecordType,
} from '../../src/records/record-layout.js';

export interface HeaderFields {
  readonly type?: number;
  readonly version?: number;
  readonly flags?: number;
  readonly timestampNs?: number;
  readonly connectionId?: number;
  readonly pid?: number;
  readonly tid?: number;
  readonly fd?: number;
  readonly role?: number;
  readonly family?: number;
  readonly comm?: string;
}

export interface AddressFields {
  readonly local?: readonly number[];
  readonly remote?: readonly number[];
  readonly localPort?: number;
  readonly remotePort?: number;
}

export interface DataFields extends HeaderFields, AddressFields {
  readonly offset?: number;
  readonly length?: number;
  readonly direction?: number;
  readonly layer?: number;
  readonly gap?: number;
  readonly fdSource?: number;
  readonly payload?: Buffer;
}

/** A record as the kernel side lays it out, padded as the addon pads it. */
function record(type: number, usedBytes: number, fields: HeaderFields): Buffer {
  const bytes = Buffer.alloc(Math.ceil(usedBytes / ALIGNMENT) * ALIGNMENT);
  bytes.writeUInt32LE(usedBytes, HEADER.size);
  bytes.writeUInt16LE(fields.type ?? type, HEADER.type);
  bytes.writeUInt8(fields.version ?? ABI_VERSION, HEADER.version);
  bytes.writeUInt8(fields.flags ?? 0, HEADER.flags);
  bytes.writeBigUInt64LE(BigInt(fields.timestampNs ?? 1_000), HEADER.timestampNs);
  bytes.writeBigUInt64LE(BigInt(fields.connectionId ?? 1), HEADER.connectionId);
  bytes.writeUInt32LE(fields.pid ?? 100, HEADER.pid);
  bytes.writeUInt32LE(fields.tid ?? 101, HEADER.tid);
  bytes.writeInt32LE(fields.fd ?? 7, HEADER.fd);
  bytes.writeUInt8(fields.role ?? 0, HEADER.role);
  bytes.writeUInt8(fields.family ?? 0, HEADER.family);
  bytes.write(fields.comm ?? 'worker', HEADER.comm, 'latin1');
  return bytes;
}

function withAddresses(bytes: Buffer, fields: AddressFields): Buffer {
  bytes.set(fields.local ?? [], ADDRESSES.local);
  bytes.set(fields.remote ?? [], ADDRESSES.remote);
  bytes.writeUInt16LE(fields.localPort ?? 0, ADDRESSES.localPort);
  bytes.writeUInt16LE(fields.remotePort ?? 0, ADDRESSES.remotePort);
  return bytes;
}

export function connectRecord(
  fields: HeaderFields & AddressFields & { readonly localPath?: Buffer; readonly remotePath?: Buffer } = {},
): Buffer {
  const { localPath = Buffer.alloc(0), remotePath = Buffer.alloc(0) } = fields;
  const bytes = withAddresses(record(RecordType.connect, CONNECT.bytes, fields), fields);
  bytes.writeUInt16LE(localPath.length, CONNECT.localPathBytes);
  bytes.writeUInt16LE(remotePath.length, CONNECT.remotePathBytes);
  bytes.set(localPath, CONNECT.localPath);
  bytes.set(remotePath, CONNECT.remotePath);
  return bytes;
}

export function dataRecord(fields: DataFields = {}): Buffer {
  const { payload = Buffer.alloc(0) } = fields;
  const bytes = withAddresses(record(RecordType.data, DATA.bytes + payload.length, fields), fields);
  bytes.writeBigUInt64LE(BigInt(fields.offset ?? 0), DATA.offset);
  bytes.writeUInt32LE(fields.length ?? payload.length, DATA.length);
  bytes.writeUInt32LE(payload.length, DATA.captured);
  bytes.writeUInt8(fields.direction ?? 0, DATA.direction);
  bytes.writeUInt8(fields.layer ?? 0, DATA.layer);
  bytes.writeUInt8(fields.gap ?? 0, DATA.gap);
  bytes.writeUInt8(fields.fdSource ?? 0, DATA.fdSource);
  bytes.set(payload, DATA.bytes);
  return bytes;
}

export function closeRecord(fields: HeaderFields & { readonly totals?: readonly number[] } = {}): Buffer {
  const bytes = record(RecordType.close, CLOSE.bytes, fields);
  const members = [CLOSE.rawIngress, CLOSE.rawEgress, CLOSE.tlsIngress, CLOSE.tlsEgress];
  for (const [i, at] of members.entries()) bytes.writeBigUInt64LE(BigInt(fields.totals?.[i] ?? 0), at);
  return bytes;
}

export function processRecord(
  fields: HeaderFields & { readonly action?: number; readonly stopped?: number; readonly filename?: string } = {},
): Buffer {
  const bytes = record(RecordType.process, PROCESS.bytes, fields);
  bytes.writeUInt32LE(fields.action ?? 1, PROCESS.action);
  bytes.writeUInt32LE(fields.stopped ?? 0, PROCESS.stopped);
  bytes.write(fields.filename ?? '', PROCESS.filename, 'utf8');
  bytes.writeUInt32LE(1, PROCESS.target);
  return bytes;
}

export function mapRecord(
  fields: HeaderFields & { readonly start: bigint; readonly inode: bigint; readonly target?: number },
): Buffer {
  const bytes = record(RecordType.map, MAP.bytes, fields);
  bytes.writeBigUInt64LE(fields.start, MAP.start);
  bytes.writeBigUInt64LE(fields.inode, MAP.inode);
  bytes.writeUInt32LE(254, MAP.deviceMajor);
  bytes.writeUInt32LE(3, MAP.deviceMinor);
  bytes.writeUInt32LE(fields.target ?? 1, MAP.target);
  return bytes;
}
