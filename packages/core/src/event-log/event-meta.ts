// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '../assert-never.js';
import type { ByteTotals, ConnectionInfo, DataEvent, Endpoint, TapEvent } from '../events.js';
import type { JsonWriter } from '../json/json-writer.js';

type SocketEvent = Exclude<TapEvent, { readonly type: 'process' | 'lost' }>;

/**
 * Writes the JSON of an event in a log: all of it but its bytes. Member by member: a source may keep more in its
 * objects, and `JSON.stringify` would cost ten times as much.
 */
export function writeMeta(writer: JsonWriter, event: TapEvent): void {
  writer.ascii('{"type":"');
  writer.ascii(event.type);
  writer.ascii('","timestampNs":');
  writer.number(event.timestampNs);
  switch (event.type) {
    case 'connect':
      writeSocket(writer, event);
      if (event.raw !== undefined) writeTotals(writer, ',"raw":', event.raw);
      break;
    case 'getsockname':
      writeSocket(writer, event);
      break;
    case 'data':
      writeSocket(writer, event);
      writeData(writer, event);
      break;
    case 'close':
      writeSocket(writer, event);
      writeTotals(writer, ',"raw":', event.raw);
      writeTotals(writer, ',"tls":', event.tls);
      if (event.plaintextConnectionId !== undefined) {
        writeNumber(writer, ',"plaintextConnectionId":', event.plaintextConnectionId);
      }
      break;
    case 'process':
      writeString(writer, ',"action":', event.action);
      writeNumber(writer, ',"pid":', event.pid);
      writeString(writer, ',"comm":', event.comm);
      if (event.exe !== undefined) writeString(writer, ',"exe":', event.exe);
      if (event.containerId !== undefined) writeString(writer, ',"containerId":', event.containerId);
      if (event.tlsBlindSpot !== undefined) {
        writeString(writer, ',"tlsBlindSpot":{"code":', event.tlsBlindSpot.code);
        writeString(writer, ',"message":', event.tlsBlindSpot.message);
        writer.ascii('}');
      }
      break;
    case 'lost':
      writeString(writer, ',"cause":', event.cause);
      writeNumber(writer, ',"events":', event.events);
      writeNumber(writer, ',"bytes":', event.bytes);
      break;
    default:
      assertNever(event);
  }
  writer.ascii('}');
}

function writeSocket(writer: JsonWriter, event: SocketEvent): void {
  writeConnection(writer, event.connection);
  writeNumber(writer, ',"pid":', event.pid);
  writeNumber(writer, ',"tid":', event.tid);
  writeNumber(writer, ',"fd":', event.fd);
  writeString(writer, ',"comm":', event.comm);
}

function writeConnection(writer: JsonWriter, connection: ConnectionInfo): void {
  writeNumber(writer, ',"connection":{"id":', connection.id);
  writeString(writer, ',"role":', connection.role);
  writeString(writer, ',"transport":', connection.transport);
  if (connection.local !== undefined) writeEndpoint(writer, ',"local":', connection.local);
  if (connection.remote !== undefined) writeEndpoint(writer, ',"remote":', connection.remote);
  if (connection.fdSource !== undefined) writeString(writer, ',"fdSource":', connection.fdSource);
  writer.ascii(connection.joinedLate ? ',"joinedLate":true}' : ',"joinedLate":false}');
}

function writeData(writer: JsonWriter, event: DataEvent): void {
  writeString(writer, ',"direction":', event.direction);
  writeString(writer, ',"layer":', event.layer);
  writer.ascii(event.encrypted ? ',"encrypted":true' : ',"encrypted":false');
  writeNumber(writer, ',"offset":', event.offset);
  writeNumber(writer, ',"length":', event.length);
  if (event.gapReason !== undefined) writeString(writer, ',"gapReason":', event.gapReason);
  if (event.joinedLate === true) writer.ascii(',"joinedLate":true');
}

function writeEndpoint(writer: JsonWriter, key: string, endpoint: Endpoint): void {
  writer.ascii(key);
  if ('path' in endpoint) {
    writeString(writer, '{"path":', endpoint.path);
  } else {
    writeString(writer, '{"address":', endpoint.address);
    writeNumber(writer, ',"port":', endpoint.port);
  }
  writer.ascii('}');
}

function writeTotals(writer: JsonWriter, key: string, { ingress, egress }: ByteTotals): void {
  writer.ascii(key);
  writeNumber(writer, '{"ingress":', ingress);
  writeNumber(writer, ',"egress":', egress);
  writer.ascii('}');
}

function writeNumber(writer: JsonWriter, key: string, value: number): void {
  writer.ascii(key);
  writer.number(value);
}

function writeString(writer: JsonWriter, key: string, value: string): void {
  writer.ascii(key);
  writer.string(value);
}
