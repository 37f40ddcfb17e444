// SPDX-License-Identifier: Apache-2.0
import { createFlowErrors, EXCHANGE_FAULTS } from '@flowtap/core';

/** Also the token of the Upgrade header (RFC 6455 §4.1). */
export const PROTOCOL_NAME = 'websocket';

/** The extension that compresses messages (RFC 7692 §7). */
export const DEFLATE_EXTENSION = 'permessage-deflate';

/** RFC 6455 §11.8 */
export const Opcode = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;

/** RFC 6455 §5.5: the payload of a control frame. */
export const MAX_CONTROL_BYTES = 125;

/** Bytes of each direction that are looked at to find out whether they are frames. */
export const PROBE_BYTES = 1024;

const MESSAGES = {
  'closed-without-close': 'The connection was closed without a Close frame.',
  'gap-in-framing': 'Bytes that may have held messages were not captured.',
  'malformed-frame': 'The bytes are no frames, or frames in an order that RFC 6455 forbids.',
  'connection-closed': EXCHANGE_FAULTS['connection-closed'],
  'capture-ended': EXCHANGE_FAULTS['capture-ended'],
  'connection-dropped': EXCHANGE_FAULTS['connection-dropped'],
  'tls-started': EXCHANGE_FAULTS['tls-started'],
  'request-not-captured': 'The connection began before the capture: its request was not seen.',
} as const satisfies Record<string, string>;

/** Codes that `error.code` of a flow can have. */
export type FaultCode = keyof typeof MESSAGES;

/** The error of a flow; one shared, frozen object per code. */
export const flowError = createFlowErrors<FaultCode>(MESSAGES);
