// SPDX-License-Identifier: Apache-2.0
import { createFlowErrors, EXCHANGE_FAULTS, type FlowError } from '@flowtap/core';

/** Also of MariaDB, which speaks the same protocol with additions. */
export const PROTOCOL_NAME = 'mysql';

/** Bytes of each direction that detection looks at: a greeting or a login with its names. */
export const PROBE_BYTES = 256;

/** Three bytes of length, one of sequence number. */
export const HEADER_BYTES = 4;

/** A packet of this length is continued by the next one. */
export const MAX_PACKET_BYTES = 0xff_ff_ff;

/** No table and no result has more columns than this (MySQL's limit). */
export const MAX_COLUMNS = 4096;

/** Collation of bytes that are no text. */
export const BINARY_COLLATION = 63;

/** Flags of the server's state in OK and EOF packets. */
export const ServerStatus = {
  MORE_RESULTS: 0x0008,
  CURSOR_EXISTS: 0x0040,
  SESSION_STATE_CHANGED: 0x4000,
} as const;

const MESSAGES = {
  ...EXCHANGE_FAULTS,
  'gap-in-response': 'Bytes that tell where the response ends were not captured.',
  'malformed-packet': 'A packet of the response breaks the protocol.',
  'compression-not-understood': 'Compressed bytes of the exchange could not be decompressed.',
  'too-many-pending': 'More commands waited for a response than the limit allows.',
} as const satisfies Record<string, string>;

/** Codes that `error.code` of a flow can have. */
export type FaultCode = keyof typeof MESSAGES;

/** The error of a flow; one shared, frozen object per code. */
export const flowError: (code: FaultCode) => FlowError = createFlowErrors<FaultCode>(MESSAGES);
