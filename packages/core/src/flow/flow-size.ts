// SPDX-License-Identifier: Apache-2.0

import { isHttpMessage } from '../http/http-flow.js';
import type { HttpHeader, HttpRequest, HttpResponse } from '../http/http-message.js';
import type { ExchangeFlow, Flow } from './flow.js';
import type { FlowMessage } from './flow-message.js';
import type { FlowUpdate } from './flow-update.js';
import { heldBytesOf } from './message-description.js';
import { isSqlRequest, isSqlResponse, type SqlRequest, type SqlResponse, type SqlValue } from './sql-messages.js';

/** Objects and fixed fields of a flow. */
const BASE_BYTES = 600;
/** Objects and fixed fields of a result of SQL, and of each column. */
const RESULT_BYTES = 100;
/** A value's place in its row, and what a string needs besides its characters. */
const VALUE_BYTES = 24;
/** A message of a protocol that core does not know, and that does not say how much it holds. */
const UNKNOWN_MESSAGE_BYTES = 4096;
/** Objects and fixed fields of one message of many. */
const LISTED_MESSAGE_BYTES = 250;

/** About how much memory a flow holds, in bytes. Cheap: queues ask for each flow. */
export function approximateFlowBytes(flow: Flow): number {
  if (flow.kind === 'opaque') return BASE_BYTES;
  const messages = flow.messages === undefined ? 0 : listBytes(flow.messages);
  return BASE_BYTES + messageBytes(flow.request) + messageBytes(flow.response) + messages;
}

export function approximateUpdateBytes(update: FlowUpdate): number {
  return update.kind === 'open' ? approximateFlowBytes(update.flow) : listedBytes(update.message);
}

function listBytes(messages: readonly FlowMessage[]): number {
  let bytes = 0;
  for (const message of messages) bytes += listedBytes(message);
  return bytes;
}

function listedBytes({ content }: FlowMessage): number {
  return LISTED_MESSAGE_BYTES + content.bytes.length;
}

function messageBytes(message: ExchangeFlow['request'] | ExchangeFlow['response']): number {
  if (message === undefined) return 0;
  if (isSqlRequest(message)) return sqlRequestBytes(message);
  if (isSqlResponse(message)) return sqlResponseBytes(message);
  if (!isHttpMessage(message)) return heldBytesOf(message) ?? UNKNOWN_MESSAGE_BYTES;
  return httpMessageBytes(message);
}

function sqlRequestBytes({ sql = '', parameters = [] }: SqlRequest): number {
  return sql.length + valuesBytes(parameters);
}

function sqlResponseBytes({ results }: SqlResponse): number {
  let bytes = 0;
  for (const { columns = [], rows = [] } of results) {
    bytes += RESULT_BYTES * (1 + columns.length);
    for (const row of rows) bytes += valuesBytes(row);
  }
  return bytes;
}

function valuesBytes(values: readonly SqlValue[]): number {
  let bytes = VALUE_BYTES * values.length;
  for (const value of values) bytes += value?.length ?? 0;
  return bytes;
}

function httpMessageBytes(message: HttpRequest | HttpResponse): number {
  const target = 'target' in message ? message.target.length : 0;
  const trailers = message.trailers === undefined ? 0 : headerBytes(message.trailers);
  const events =
    'eventStream' in message && message.eventStream !== undefined ? listBytes(message.eventStream.events) : 0;
  return target + headerBytes(message.headers) + trailers + message.body.bytes.length + events;
}

function headerBytes(headers: readonly HttpHeader[]): number {
  let bytes = 0;
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    if (header !== undefined) bytes += header[0].length + header[1].length;
  }
  return bytes;
}
