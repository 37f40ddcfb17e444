// SPDX-License-Identifier: Apache-2.0
import { createFlowErrors, EXCHANGE_FAULTS } from '@flowtap/core';

export const PROTOCOL_NAME = 'redis';

/** Bytes of each direction that detection looks at: longer than any head that tells. */
export const PROBE_BYTES = 1024;

export const LF = 0x0a;
export const CR = 0x0d;

/** First bytes of values (RESP3 specification, "RESP3 types"). */
export const Type = {
  SIMPLE: 0x2b, // +
  ERROR: 0x2d, // -
  INTEGER: 0x3a, // :
  BULK: 0x24, // $
  ARRAY: 0x2a, // *
  NULL: 0x5f, // _
  BOOLEAN: 0x23, // #
  DOUBLE: 0x2c, // ,
  BIG_NUMBER: 0x28, // (
  BULK_ERROR: 0x21, // !
  VERBATIM: 0x3d, // =
  MAP: 0x25, // %
  SET: 0x7e, // ~
  PUSH: 0x3e, // >
  ATTRIBUTE: 0x7c, // |
  CHUNK: 0x3b, // ;
  END: 0x2e, // .
} as const;

/** What stands where a password was. */
export const REDACTED = '[redacted]';

const MESSAGES = {
  ...EXCHANGE_FAULTS,
  'pairing-uncertain': 'It is not certain which command and reply belong together: others may have been missed.',
  'gap-in-framing': 'Bytes that tell where the message ends were not captured.',
  'malformed-message': 'The bytes are no message of RESP.',
  'too-many-pending': 'More commands waited for their reply than the limit allows.',
  'reply-off': 'The client wants no reply (CLIENT REPLY).',
  'replication-began': 'The connection became a stream of replication, which is not read.',
  'sent-unasked': 'The server sends this of its own accord: it is the reply to no one command.',
} as const satisfies Record<string, string>;

/** Codes that `error.code` of a flow can have. */
export type FaultCode = keyof typeof MESSAGES;

/** The error of a flow; one shared, frozen object per code. */
export const flowError = createFlowErrors<FaultCode>(MESSAGES);
