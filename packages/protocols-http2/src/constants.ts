// SPDX-License-Identifier: Apache-2.0
import { createFlowErrors, EXCHANGE_FAULTS, type FlowError } from '@flowtap/core';

export const PROTOCOL_NAME = 'http/2';
export const GRPC_PROTOCOL_NAME = 'grpc';

/** Protocol names that an HTTP/1.1 Upgrade uses (RFC 7540 §3.2; RFC 9113 §3.1 made it obsolete, programs still do it). */
export const UPGRADE_TOKENS: readonly string[] = ['h2c'];

/** RFC 9113 §3.4: what a client sends first. */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** RFC 9113 §6 */
export const FrameType = {
  DATA: 0x00,
  HEADERS: 0x01,
  PRIORITY: 0x02,
  RST_STREAM: 0x03,
  SETTINGS: 0x04,
  PUSH_PROMISE: 0x05,
  PING: 0x06,
  GOAWAY: 0x07,
  WINDOW_UPDATE: 0x08,
  CONTINUATION: 0x09,
} as const;

export const Flag = {
  END_STREAM: 0x01,
  ACK: 0x01,
  END_HEADERS: 0x04,
  PADDED: 0x08,
  PRIORITY: 0x20,
} as const;

/** RFC 9113 §6.5.2 */
export const Setting = {
  HEADER_TABLE_SIZE: 0x01,
  ENABLE_PUSH: 0x02,
  INITIAL_WINDOW_SIZE: 0x04,
  MAX_FRAME_SIZE: 0x05,
  MAX_HEADER_LIST_SIZE: 0x06,
} as const;

const MESSAGES = {
  ...EXCHANGE_FAULTS,
  'gap-in-head': 'The header block of a message was not captured or cannot be read.',
  'gap-in-framing': 'Bytes that may have held frames of the message were not captured.',
  'header-too-large': 'A header block or its fields are longer than the limit.',
  'compression-error': 'A header block breaks the header compression (RFC 7541).',
  'malformed-frame': 'The bytes are no frames, or frames in an order that HTTP/2 forbids.',
  'too-many-pending': 'More streams were open than the limit allows.',
  'stream-refused': 'The server went away without processing the request (GOAWAY).',
} as const satisfies Record<string, string>;

/** Codes that `error.code` of a flow can have, beside `stream-reset`. */
export type FaultCode = keyof typeof MESSAGES;

/** The error of a flow. */
export const flowError: (code: FaultCode) => FlowError = createFlowErrors<FaultCode>(MESSAGES);

/** RFC 9113 §7 */
export const ERROR_CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

const resets = new Map<string, FlowError>();

/** What RST_STREAM says; one shared, frozen object for each meaning. */
export function resetError(by: 'client' | 'server', errorCode: number | undefined): FlowError {
  const name = errorCode === undefined ? 'unknown' : (ERROR_CODES[errorCode] ?? 'another code');
  const message = `The ${by} reset the stream (${name}).`;
  let error = resets.get(message);
  if (error === undefined) {
    error = Object.freeze({ code: 'stream-reset', message });
    resets.set(message, error);
  }
  return error;
}
